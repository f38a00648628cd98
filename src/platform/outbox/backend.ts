import type { DefaultJobOptions, Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { QueueName } from './jobs.ts'

export type WorkOptions = Omit<WorkerOptions, 'connection' | 'prefix'>

export interface Backend {
  kind: 'redis' | 'postgres'
  ready(): Promise<void>
  openQueue(name: QueueName, defaultJobOptions: DefaultJobOptions): Queue
  openWorker(name: QueueName, processor: Processor, options: WorkOptions): Worker
  connected(): boolean
  close(): Promise<void>
}
