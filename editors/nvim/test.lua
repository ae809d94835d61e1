-- The Neovim plugin, tried without a screen: `editors/test` runs this. ORCH_ROOT is the repository, ORCH the program.
local root = vim.env.ORCH_ROOT
local failed = {}

local function check(what, holds, more)
  if not holds then
    table.insert(failed, what .. (more and ': ' .. vim.inspect(more) or ''))
  end
end

local function skip(what)
  io.stderr:write('skipped: ' .. what .. '\n')
end

vim.opt.swapfile = false
vim.opt.runtimepath:prepend({ root .. '/editors/vim', root .. '/editors/nvim' })
vim.g.orch = { program = vim.env.ORCH }
vim.cmd('filetype plugin indent on')
vim.cmd('syntax on')
vim.cmd('runtime! ftdetect/orch.lua plugin/orch.lua')
local orch = require('orch')

-- Before any file is opened: a parser that is loaded stays.
local built, said = pcall(orch.build, vim.env.ORCH_GRAMMAR)
check('the parser is built', built, said)

-- The file type, and Vim's own colours.
vim.cmd('edit ' .. root .. '/tests/data/whole.orch')
check('the file type', vim.bo.filetype == 'orch', vim.bo.filetype)
check('comments', vim.bo.commentstring == '// %s', vim.bo.commentstring)
vim.fn.cursor(1, 1)
vim.fn.search('^worker')
check('colours', vim.fn.synIDattr(vim.fn.synID(vim.fn.line('.'), 1, 1), 'name') == 'orchDeclaration')
for _, name in ipairs({ 'OrchRun', 'OrchTest', 'OrchCheck', 'OrchGraph', 'OrchBuildParser' }) do
  check(name, vim.fn.exists(':' .. name) == 2)
end

-- Code lenses, in each form that a server may give them.
local same = function(command, arguments, expected)
  local call = orch.call(command, orch.target(command, arguments))
  table.remove(call, 1)
  check('a lens', vim.deep_equal(call, expected), { call, expected })
end
same('run', { 'file:///a%20b.orch', 'main' }, { 'run', '/a b.orch', 'main' })
same('graph', { { uri = 'file:///a.orch', orchestrator = 'main' } }, { 'graph', '/a.orch', 'main' })
same('test', { { uri = 'file:///a.orch', test = 'shows it' } }, { 'test', '/a.orch' })
same('run', nil, { 'run', root .. '/tests/data/whole.orch' })
for _, name in ipairs({ 'run', 'test', 'graph' }) do
  check('the command of a lens', vim.lsp.commands['orch.' .. name] ~= nil, name)
end

-- The grammar, where this Neovim reads its version.
if orch.has_parser() then
  local parser = vim.treesitter.get_parser(0, 'orch')
  local tree = parser:parse()[1]
  check('the whole language is read', not tree:root():has_error())
  local get = vim.treesitter.query and vim.treesitter.query.get or vim.treesitter.get_query
  local captures = 0
  local query = get('orch', 'highlights')
  for _ in query:iter_captures(tree:root(), 0, 0, -1) do
    captures = captures + 1
  end
  check('what is shown', captures > 500, captures)
  for _, name in ipairs({ 'locals', 'folds', 'indents', 'injections', 'textobjects' }) do
    check(name, get('orch', name) ~= nil)
  end
else
  skip('the grammar in Neovim: this one reads parsers up to version ' .. tostring(vim._ts_get_language_version and vim._ts_get_language_version() or vim.treesitter.language_version or 14))
end

-- The server.
local program = vim.env.ORCH
if program and os.execute(vim.fn.shellescape(program) .. ' lsp --help > /dev/null 2>&1') == 0 then
  local file = vim.fn.tempname() .. '.orch'
  vim.fn.writefile({ 'worker w(a int) { }', 'let x = y' }, file)
  vim.cmd('edit ' .. file)
  local found = vim.wait(10000, function() return #vim.diagnostic.get(0) > 0 end, 20)
  check('findings of the server', found, vim.lsp.get_log_path())
  local first = vim.diagnostic.get(0)[1] or {}
  check('where a finding is', first.lnum == 0 and first.col == 11, first)
  check('what a finding says', tostring(first.message):match('expected `:`') ~= nil, first.message)
else
  skip('the language server: ' .. (program and 'this orch has no `lsp`' or 'there is no orch program'))
end

for _, line in ipairs(failed) do
  io.stderr:write('failed: ' .. line .. '\n')
end
vim.cmd(#failed == 0 and 'qall!' or 'cquit!')
