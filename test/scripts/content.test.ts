import { expect, test } from 'vitest'
import { isProgram, isWebPage } from '../../src/scripts/content.ts'

test.each([
  ['#!/bin/sh\n', true],
  ['\x7fELF\x02\x01', true],
  ['', false],
  ['#', false],
  [' #!/bin/sh\n', false],
  ['\x7fELE', false],
])('whether a file that begins with %j is a program: %s', (head, isOne) => {
  expect(isProgram(Buffer.from(head, 'latin1'))).toBe(isOne)
})

test.each([
  ['<!doctype html>', true],
  ['\n <!DOCTYPE HTML PUBLIC', true],
  ['<html lang="en">', true],
  ['\ufeff\r\n<HTML>', true],
  ['<?xml version="1.0"?>', false],
  ['<htmlish>', false],
  ['#!/bin/sh\necho "<html>"\n', false],
])('whether a file that begins with %j is a web page: %s', (head, isOne) => {
  expect(isWebPage(Buffer.from(head))).toBe(isOne)
})
