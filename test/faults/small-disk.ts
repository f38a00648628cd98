// A disk of its own for PostgreSQL, which can be made full.
import { spawnSync } from 'node:child_process'
import { statfsSync } from 'node:fs'

const MIB = 2 ** 20
const SIZE = 1024 * MIB
/** PostgreSQL may write while the disk is being made smaller. */
const LEFT_OVER = [0, 64 * 1024, MIB, 8 * MIB]

export class SmallDisk {
  readonly #folder: string
  readonly #unmount = () => {
    spawnSync('umount', ['--lazy', this.#folder])
  }

  private constructor(folder: string) {
    this.#folder = folder
    process.once('exit', this.#unmount)
  }

  /** In memory, at this folder. Null where that is not permitted: mounting needs root. */
  static mount(folder: string): SmallDisk | null {
    const options = `size=${SIZE},mode=755`
    return run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]) ? new SmallDisk(folder) : null
  }

  /** It is as large as what is on it. */
  fill(): void {
    for (const leftOver of LEFT_OVER) {
      const { blocks, bfree, bsize } = statfsSync(this.#folder)
      if (this.#resize((blocks - bfree) * bsize + leftOver)) return
    }
    throw new Error('the disk could not be made smaller')
  }

  free(): void {
    if (!this.#resize(SIZE)) throw new Error('the disk could not be made larger')
  }

  unmount(): void {
    process.off('exit', this.#unmount)
    this.#unmount()
  }

  #resize(bytes: number): boolean {
    return run('mount', ['-o', `remount,size=${bytes}`, this.#folder])
  }
}

function run(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0
}
