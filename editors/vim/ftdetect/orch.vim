" Files of orch.
autocmd BufNewFile,BufRead *.orch setfiletype orch
