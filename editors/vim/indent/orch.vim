" Vim indent file
" Language: orch
" A line is one step in from the line of the innermost bracket that is open before it; with the partner first, as deep. One
" that begins with an operator goes on with the line before, one step further in.

if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=GetOrchIndent(v:lnum)
setlocal indentkeys=0{,0},0),0],!^F,o,O
setlocal nosmartindent
let b:undo_indent = 'setlocal indentexpr< indentkeys< smartindent<'

if exists('*GetOrchIndent')
  finish
endif

" Whether what stands there is no bracket of the program: a string, a script, a pattern or a comment.
function! s:is_text(lnum, col) abort
  return synIDattr(synID(a:lnum, a:col, 1), 'name') =~# '^orch\%(String\|Escape\|Script\|Regex\|Comment\|DocComment\|InterpolationMark\)$\|^sh'
endfunction

function! GetOrchIndent(lnum) abort
  " A line of a text of several lines, but for the first, stays where it is.
  if a:lnum > 1 && s:is_text(a:lnum, 1) && getline(a:lnum) !~# '^//'
    return -1
  endif
  call cursor(a:lnum, 1)
  let [open, _] = searchpairpos('[[({]', '', '[])}]', 'bnW', 's:is_text(line("."), col("."))', max([1, a:lnum - 500]))
  let line = getline(a:lnum)
  let goes_on = line =~# '^\s*\%([=!<>]=\|[+*%]\|??\|\%(and\|or\)\>\)' ? shiftwidth() : 0
  if open == 0
    return goes_on
  endif
  return indent(open) + (line =~# '^\s*[])}]' ? 0 : shiftwidth()) + goes_on
endfunction
