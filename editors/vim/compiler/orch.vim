" Vim compiler file
" Compiler: orch check

if exists('current_compiler')
  finish
endif
let current_compiler = 'orch'

if exists(':CompilerSet') != 2
  command -nargs=* CompilerSet setlocal <args>
endif

let s:program = get(g:, 'orch_program', 'orch')
execute 'CompilerSet makeprg=' .. escape(s:program, ' \|"') .. '\ check\ --format\ github\ --color\ never\ %:S'
" ::error file=a.orch,line=1,endLine=1,col=2,endColumn=5,title=code::message
CompilerSet errorformat=
      \::%trror\ file=%f\\,line=%l\\,endLine=%e\\,col=%c\\,endColumn=%k\\,title=%m,
      \::%tarning\ file=%f\\,line=%l\\,endLine=%e\\,col=%c\\,endColumn=%k\\,title=%m,
      \::%totice\ file=%f\\,line=%l\\,endLine=%e\\,col=%c\\,endColumn=%k\\,title=%m,
      \%-G%.%#
