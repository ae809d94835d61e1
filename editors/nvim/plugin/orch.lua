-- What Neovim does with orch: `require('orch').setup()` is called once, with what `vim.g.orch` holds.
if vim.g.loaded_orch then
  return
end
vim.g.loaded_orch = true
require('orch').setup(vim.g.orch or {})
