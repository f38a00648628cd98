import type { DefaultJobOptions, Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { QueueName } from './jobs.ts'

export type WorkOptions = Omit<WorkerOptions, 'connection' | 'prefix'>

/** What differs between the engines that BullMQ runs on. */
export interface Backend {
  kind: 'redis' | 'postgres'
  /** Resolves once the engine answers; rejects within seconds if it does not. */
  ready(): Promise<void>
  openQueue(name: QueueName, defaultJobOptions: DefaultJobOptions): Queue
  openWorker(name: QueueName, processor: Processor, options: WorkOptions): Worker
  /** Whether its connections stand. */
  connected(): boolean
  close(): Promise<void>
}
