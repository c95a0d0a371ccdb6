import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** True when the lock's owner is gone; a lock without a readable pid counts as abandoned after ten seconds. */
const abandoned = (file) => {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return pid > 0 ? !alive(pid) : Date.now() - statSync(file).mtimeMs > 10_000;
  } catch (error) {
    return error.code !== 'ENOENT';
  }
};

/** Runs `work` while no other process holds `file`; waits for a live holder, takes over from a dead one. */
export async function withLock(file, work, log = console.log) {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (abandoned(file)) rmSync(file, { force: true });
      else {
        if (!told) log(`waiting for another process that holds ${file}`);
        told = true;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
