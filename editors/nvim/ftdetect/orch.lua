-- Files of orch.
if vim.filetype then
  vim.filetype.add({ extension = { orch = 'orch' } })
else
  vim.cmd([[autocmd BufNewFile,BufRead *.orch setfiletype orch]])
end
