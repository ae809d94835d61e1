" Vim syntax file
" Language: orch
" What may be read as a name is a keyword only where no `=`, `:`, `.` or `(` follows. tests/editors.rs holds the words.

if exists('b:current_syntax')
  finish
endif
let s:cpo = &cpo
set cpo&vim

let s:declarations = split('import from as type let contract input output worker orchestrator pattern pool secret profile defaults'
      \ .. ' limit test allow on schedule tz webhook signed env')
let s:control = split('if then else match each in repeat up to until last for attempt catch fail require return when yield'
      \ .. ' stage with after undo finally dispatch run')
let s:settings = split('exec shell mock stdin cwd expect uses permit timeout deadline delay retry backoff fixed unless'
      \ .. ' concurrent rate per idempotent collect no tolerate stop hedge breaker cache heartbeat budget echo hang'
      \ .. ' malformed first calls order failure overlap by cancel wait at seed set')
let s:operators = split('and or not')
let s:constants = split('true false null')
let s:specials = split('error it previous')
let s:types = split('string int float bool time duration file dir json secret pool map Failure Handle Outcome Plan'
      \ .. ' Result_of WorkerCard')
let s:functions = split('len count any all find sum min max avg sort_by group_by unique flatten take chunk range zip keys'
      \ .. ' values merge join split lines trim lower upper replace contains starts_with ends_with matches string'
      \ .. ' int float json parse_json format url_encode succeeded failures first last round ceil floor abs hash')

" Words as one pattern, neither fields nor names that are defined, called or read here.
function! s:words(group, words, more) abort
  execute 'syntax match' a:group '/\v\.@1<!<%(' .. join(a:words, '|') .. ')>' .. a:more .. '/'
endfunction
let s:free = '%(\s*%(:|\=[^=>]|\?\.|[.(]))@!'

syntax match orchName /\v\.@1<!<\h\w*>/
call s:words('orchSetting', s:settings + s:declarations, s:free)
call s:words('orchControl', s:control, '%(\s*%(:|\=[^=>]|\?\.|\.))@!')
call s:words('orchOperatorWord', s:operators, '')
call s:words('orchConstant', s:constants, '\s*%(\??:)@!')
call s:words('orchSpecial', s:specials + ['run'], '\ze%(\s+\h)@!%(\s*:)@!')
syntax match orchCall /\v\.@1<!<\h\w*\ze\(/
call s:words('orchFunction', s:functions, '\ze\(')
" Of types, these are hardly ever anything else.
call s:words('orchType', ['string', 'int', 'float', 'bool'], '%(\s*[:.])@!%(\s*\=[^=>])@!%(\([^0-9./-])@!')
syntax match orchType /\v\.@1<!<\u\w*>/
syntax match orchType /\v<worker\ze\(/
" Behind these marks all of them are types.
execute 'syntax match orchType /\v%(:|-\>|\||\<|<as>)\s*\[?\zs<%(' .. join(s:types, '|') .. ')>/'
syntax match orchField /\v\.@1<!<\h\w*\ze\s*\??\s*:/
syntax match orchField /\v%(\.@1<!\.|\?\.)\s*\zs\h\w*/
syntax match orchStep /\v^\s*\zs\h\w*\ze\s*\=[^=>]/

syntax match orchDeclaration /\v^\s*<%(worker|orchestrator|pattern)>\ze\s+\h/ nextgroup=orchFunctionName skipwhite
syntax match orchDeclaration /\v^\s*<%(type|contract)>\ze\s+\h/ nextgroup=orchTypeName skipwhite
syntax match orchDeclaration /\v^\s*<%(let|pool|secret)>\ze\s+\h/ nextgroup=orchConstantName skipwhite
syntax match orchDeclaration /\v^<%(profile|limit|defaults)>\ze\s+\h/ nextgroup=orchGroupName skipwhite
syntax match orchDeclaration /\v^<%(import|test|on|defaults)>\ze\s*[{"a-z]/
syntax match orchFunctionName /\v\h\w*/ contained
syntax match orchTypeName /\v\h\w*%(\s*\@\s*\d+)?/ contained
syntax match orchConstantName /\v\h\w*/ contained
syntax match orchGroupName /\v\h\w*/ contained
syntax match orchAllow /\v^\s*allow\s+[[:alnum:]_\/-]+/

syntax match orchNumber /\v<\d[0-9_]*%(\.\d[0-9_]*)?%([eE][+-]?\d+)?%(ms|[smhdkM])?%(\d+%(ms|[smhd]))*%(\%|>)/
syntax match orchNumber /\v\$\d[0-9_.]*/
syntax match orchOperator /\v[-+*\/%=<>!?|]|\.\.\.?/
syntax match orchRegex /\v\(\s*\zs\/[^\/]%(\\.|[^\/\\])*\/\ze\s*\)/

syntax region orchString start=/"/ skip=/\\./ end=/"/ end=/$/ oneline contains=orchEscape,orchBadEscape,orchInterpolation
syntax region orchString start=/"""/ end=/"""/ contains=orchEscape,orchBadEscape,orchInterpolation
syntax match orchBadEscape /\\./ contained
syntax match orchEscape /\v\\%([nt"\\]|\$\{|u\{\x+\})/ contained
syntax region orchInterpolation matchgroup=orchInterpolationMark start=/\${/ end=/}/ contained contains=TOP
" Scripts as scripts, where that is asked for.
if get(g:, 'orch_shell', 0)
  syntax include @orchShell syntax/sh.vim
  unlet! b:current_syntax
endif
syntax region orchScript matchgroup=orchString start=/\v(<shell\s+)@<="""/ end=/"""/ contains=@orchShell keepend

syntax match orchComment /\/\/.*$/ contains=orchTodo,@Spell
syntax match orchDocComment +//[/!].*$+ contains=@Spell
syntax keyword orchTodo TODO contained

syntax sync minlines=200

highlight default link orchName Normal
highlight default link orchDeclaration Keyword
highlight default link orchSetting Keyword
highlight default link orchControl Statement
highlight default link orchOperatorWord Operator
highlight default link orchConstant Constant
highlight default link orchSpecial Identifier
highlight default link orchType Type
highlight default link orchTypeName Type
highlight default link orchCall Function
highlight default link orchFunction Function
highlight default link orchFunctionName Function
highlight default link orchConstantName Constant
highlight default link orchGroupName Label
highlight default link orchField Identifier
highlight default link orchStep Identifier
highlight default link orchAllow PreProc
highlight default link orchNumber Number
highlight default link orchOperator Operator
highlight default link orchRegex String
highlight default link orchString String
highlight default link orchScript Special
highlight default link orchEscape SpecialChar
highlight default link orchBadEscape Error
highlight default link orchInterpolationMark Special
highlight default link orchComment Comment
highlight default link orchDocComment SpecialComment
highlight default link orchTodo Todo

let b:current_syntax = 'orch'
let &cpo = s:cpo
unlet s:cpo
