" The Vim files, tried in a Vim without a screen: `editors/test` runs this. ORCH_ROOT is the repository, ORCH the program.
set nocompatible
let s:root = $ORCH_ROOT
execute 'set runtimepath^=' .. fnameescape(s:root .. '/editors/vim')
set noswapfile
filetype plugin indent on
syntax on

" The group at the first place of a piece in the whole language.
function! s:group(before, piece) abort
  call cursor(1, 1)
  if search('\V' .. a:before .. '\zs' .. a:piece, 'cW') == 0
    return 'nowhere'
  endif
  return synIDattr(synID(line('.'), col('.'), 1), 'name')
endfunction

function! s:colours() abort
  execute 'edit' fnameescape(s:root .. '/tests/data/whole.orch')
  call assert_equal('orch', &filetype)
  call assert_equal('// %s', &commentstring)
  for [before, piece, group] in [
        \ ['', '//! Every', 'orchDocComment'], ['', 'worker', 'orchDeclaration'], ['worker ', 'list_issues', 'orchFunctionName'],
        \ ['type ', 'Shape', 'orchTypeName'], ['number: ', 'int', 'orchType'], ['let ', 'limit_of', 'orchConstantName'],
        \ ['  ', 'timeout', 'orchSetting'], ['timeout ', '30s', 'orchNumber'], ['env { ', 'TOKEN', 'orchField'],
        \ ['"dir/', '${', 'orchInterpolationMark'], ['string(', '/^', 'orchRegex'], ['outcomes = ', 'each', 'orchControl'],
        \ ['', 'succeeded', 'orchFunction'], ['next: ', 'null', 'orchConstant'], ['', 'previous', 'orchSpecial'],
        \ ['and ', 'not', 'orchOperatorWord'], ['{not} ', '\\u', 'orchEscape'], ['  ', 'mock = ', 'orchStep'],
        \ ['', 'allow flow', 'orchAllow'], ['else ', 'last', 'orchControl'], ['cost ', '$5', 'orchNumber'],
        \ ['    ', 'set -e', 'orchScript'], ['worker ', 'analyzer', 'orchFunctionName'],
        \ ]
    call assert_equal(group, s:group(before, piece), before .. piece)
  endfor
endfunction

" Lines that are right already stay where they are.
function! s:indents() abort
  for name in ['examples/daily_triage.orch', 'examples/deployment_pipeline.orch', 'examples/issue_router.orch',
        \ 'examples/content_calendar.orch', 'tests/data/whole.orch']
    execute 'edit!' fnameescape(s:root .. '/' .. name)
    let before = getline(1, '$')
    silent normal! gg=G
    call assert_equal(before, getline(1, '$'), name)
    edit!
  endfor
endfunction

" What `orch check` finds comes to the quickfix list.
function! s:makes() abort
  if empty($ORCH)
    return
  endif
  let g:orch_program = $ORCH
  let file = tempname() .. '.orch'
  call writefile(['worker w(a int) { }', 'let x = y'], file)
  execute 'edit' fnameescape(file)
  compiler orch
  silent make!
  let found = filter(getqflist(), 'v:val.valid')
  call assert_true(len(found) >= 2, string(getqflist()))
  call assert_equal([1, 12, 'e'], [found[0].lnum, found[0].col, found[0].type])
  call assert_match('expected `:`', found[0].text)
endfunction

for s:test in ['colours', 'indents', 'makes']
  try
    call call('s:' .. s:test, [])
  catch
    call add(v:errors, s:test .. ': ' .. v:exception .. ' ' .. v:throwpoint)
  endtry
endfor
call writefile(v:errors, '/dev/stderr')
execute empty(v:errors) ? 'qall!' : 'cquit!'
