// The orch program: where it is, and how it is called. Knows nothing of editors beyond the settings.
const os = require('node:os');
const path = require('node:path');
const { execFile } = require('node:child_process');

/** The program that the setting names: `~` and `${workspaceFolder}` are replaced. */
function resolve(setting, folder) {
  const named = (setting || 'orch').trim();
  const home = named === '~' || named.startsWith('~/') ? path.join(os.homedir(), named.slice(1)) : named;
  return folder ? home.replaceAll('${workspaceFolder}', folder) : home;
}

/** The arguments of a command on a file, as `orch` takes them. */
function args(command, file, orchestrator, more = []) {
  return [command, file, ...(command === 'run' && orchestrator ? [orchestrator] : []), ...more];
}

/** Standard output of a command; it fails with what the program says. */
function output(program, args, options = {}) {
  return new Promise((done, failed) => {
    execFile(program, args, { maxBuffer: 16 << 20, timeout: 30_000, ...options }, (error, stdout, stderr) => {
      if (!error) return done(stdout);
      if (error.code === 'ENOENT') return failed(new Error(missing(program)));
      failed(new Error(stderr.trim() || stdout.trim() || error.message));
    });
  });
}

/** What is said where the program is not there. */
function missing(program) {
  return `\`${program}\` was not found: install orch, or set orch.path to where it is`;
}

module.exports = { resolve, args, output, missing };
