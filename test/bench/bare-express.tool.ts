// The floor of a page: Express as it comes, one route, one string that is there already.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { answerQuestions } from './tool.ts'

const [pageFile = ''] = process.argv.slice(2)
const page = readFileSync(pageFile, 'utf8')
const app = express()
app.get('/', (_req, res) => {
  res.type('html').send(page)
})
const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

answerQuestions(async (_: { question: 'where' }) => `http://127.0.0.1:${port}/`)
