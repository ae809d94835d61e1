-- The language server, the tree-sitter grammar and commands. Options: `program`, the orch program (`orch`); `lsp = false`
-- for no server; `treesitter = false` for Vim's own colours.
local M = { program = 'orch' }

--- Where this plugin lies: the `nvim` directory, also where a link led to it.
local here = vim.fn.fnamemodify(vim.fn.resolve(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h:h')), ':p:h')

--- The root of a file's project: where its repository begins, else its directory.
local function root(file)
  local found = vim.fn.finddir('.git', vim.fn.fnamemodify(file, ':p:h') .. ';')
  return vim.fn.fnamemodify(found ~= '' and vim.fn.fnamemodify(found, ':p:h:h') or file, found ~= '' and ':p' or ':p:h')
end

--- Starts the server for a buffer; one server serves all files of a root.
function M.start_server(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == '' or vim.fn.executable(M.program) == 0 then
    return
  end
  local config = { name = 'orch', cmd = { M.program, 'lsp' }, root_dir = root(file) }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = buffer })
  end
  -- Neovim before 0.8: servers are kept by their root.
  M.servers = M.servers or {}
  M.servers[config.root_dir] = M.servers[config.root_dir] or vim.lsp.start_client(config)
  vim.lsp.buf_attach_client(buffer, M.servers[config.root_dir])
  return M.servers[config.root_dir]
end

--- Whether the grammar's parser is there, and this Neovim reads it.
function M.has_parser()
  local load = vim.treesitter.language and vim.treesitter.language.add or vim.treesitter.require_language
  local ok, added = pcall(load, 'orch')
  return ok and added ~= false and #vim.api.nvim_get_runtime_file('parser/orch.so', false) > 0
end

--- Colours and folds by the grammar; without its parser those of Vim's syntax file stay.
function M.show(buffer)
  if not M.has_parser() then
    return
  end
  if vim.treesitter.start then
    vim.treesitter.start(buffer, 'orch')
    vim.opt_local.foldexpr = 'v:lua.vim.treesitter.foldexpr()'
  end
end

--- Compiles the grammar's parser into this plugin, and puts its queries beside it: a C compiler is all that it needs.
function M.build(grammar)
  local from = grammar or vim.fn.fnamemodify(here, ':h') .. '/tree-sitter-orch'
  vim.fn.mkdir(here .. '/parser', 'p')
  local command = { vim.env.CC or 'cc', '-O2', '-shared', '-fPIC', '-std=c11', '-I', from .. '/src', from .. '/src/parser.c', from .. '/src/scanner.c', '-o', here .. '/parser/orch.so' }
  local said = vim.fn.system(command)
  assert(vim.v.shell_error == 0, 'orch: the parser was not built: ' .. said)
  vim.fn.mkdir(here .. '/queries/orch', 'p')
  for _, query in ipairs(vim.fn.glob(from .. '/queries/*.scm', false, true)) do
    vim.fn.writefile(vim.fn.readfile(query), here .. '/queries/orch/' .. vim.fn.fnamemodify(query, ':t'))
  end
end

--- What is called to do something with a file: the program and its arguments.
function M.call(command, file, arguments)
  local call = { M.program, command, file }
  vim.list_extend(call, arguments or {})
  return call
end

--- Does something with a file in a terminal below; this file is saved before.
local function run(command, file, arguments)
  vim.cmd('silent! update')
  vim.cmd('botright 12new')
  vim.fn.termopen(M.call(command, file, arguments))
end

--- What a code lens is about: `{ uri, orchestrator }`, or the two as arguments. Tests are run all together.
function M.target(command, arguments)
  local first, second = arguments and arguments[1], arguments and arguments[2]
  local about = type(first) == 'table' and first or { uri = first, orchestrator = second }
  local name = about.orchestrator or about.name
  local file = about.uri and vim.uri_to_fname(about.uri) or vim.api.nvim_buf_get_name(0)
  return file, command ~= 'test' and type(name) == 'string' and { name } or {}
end

function M.setup(options)
  M.program = options.program or M.program
  vim.g.orch_program = M.program
  local group = vim.api.nvim_create_augroup('orch', { clear = true })
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = 'orch',
    callback = function(event)
      if options.treesitter ~= false then
        M.show(event.buf)
      end
      if options.lsp ~= false then
        M.start_server(event.buf)
      end
    end,
  })
  local command = function(name, does)
    vim.api.nvim_create_user_command(name, does, { nargs = '*', desc = 'orch' })
  end
  for name, does in pairs({ OrchRun = 'run', OrchTest = 'test', OrchCheck = 'check', OrchGraph = 'graph' }) do
    command(name, function(given) run(does, vim.api.nvim_buf_get_name(0), given.fargs) end)
    -- The same from a code lens of the server.
    vim.lsp.commands['orch.' .. does] = function(lens)
      run(does, M.target(does, lens.arguments))
    end
  end
  command('OrchBuildParser', function() M.build() end)
end

return M
