-- The language server, for `vim.lsp.enable('orch')` of Neovim 0.11.
return {
  cmd = { 'orch', 'lsp' },
  filetypes = { 'orch' },
  root_markers = { '.git' },
}
