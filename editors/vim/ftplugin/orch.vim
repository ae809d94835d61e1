" Vim filetype plugin
" Language: orch

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:///,://!,://
setlocal commentstring=//\ %s
setlocal formatoptions-=t formatoptions+=croql
setlocal expandtab shiftwidth=2 softtabstop=2 tabstop=2
setlocal suffixesadd=.orch
setlocal include=\<from\s*"\zs[^"]*
setlocal define=^\s*\%(worker\|orchestrator\|pattern\|type\|contract\|let\|pool\)\s
setlocal iskeyword=@,48-57,_

if !exists('b:match_words')
  let b:match_words = '{:},\[:\],(:)'
endif

if exists(':CompilerSet') != 2 && empty(&l:makeprg)
  compiler orch
endif

let b:undo_ftplugin = 'setlocal comments< commentstring< formatoptions< expandtab< shiftwidth< softtabstop< tabstop<'
      \ .. ' suffixesadd< include< define< iskeyword< makeprg< errorformat<'
