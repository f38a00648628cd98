// A child process that is asked questions and answers them: load is made, and floors are measured, outside of
// the process that only looks on.
import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Tool<Question, Answer> {
  pid: number
  /** One question at a time. Rejects with what went wrong in the child. */
  ask(question: Question): Promise<Answer>
  stop(): void
}

type Reply<Answer> = { answer: Answer } | { problem: string }

/** Starts a file of this folder that calls `answerQuestions`. It ends with us. */
export function startTool<Question extends object, Answer>(
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Tool<Question, Answer> {
  const child = fork(new URL(file, import.meta.url), args, {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  if (child.pid === undefined) throw new Error(`${file} does not start`)
  const ended = once(child, 'exit').then((): Reply<Answer> => ({ problem: 'it ended' }))
  return {
    pid: child.pid,
    ask: async (question) => {
      const replied = new Promise<Reply<Answer>>((resolve) => child.once('message', resolve))
      child.send(question)
      const reply = await Promise.race([replied, ended])
      if ('problem' in reply) throw new Error(`${file}: ${reply.problem}`)
      return reply.answer
    },
    stop: () => child.disconnect(),
  }
}

/** The child's side. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  process.on('message', (question: Question) => {
    answer(question).then(
      (answer) => process.send?.({ answer }),
      (error) => process.send?.({ problem: error instanceof Error ? (error.stack ?? '') : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
}
