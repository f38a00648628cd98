import express, { type RequestHandler } from 'express'
import createHttpError from 'http-errors'

/** Reads a form. Forms come in one format; anything else with a body is 415, too much of it 413. */
export const readForm: RequestHandler[] = [
  (req, _res, next) => {
    const isForm = req.is('application/x-www-form-urlencoded')
    next(isForm === false ? createHttpError(415) : undefined)
  },
  express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 50 }),
  (req, _res, next) => {
    req.body ??= {}
    next()
  },
]
