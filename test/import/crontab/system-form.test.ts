import { describe, expect, test } from 'vitest'
import { guessForm } from '../../../src/import/crontab/system-form.ts'

/** Accounts of every Debian system. Two of them are also names of programs. */
const accounts = ['root', 'www-data', 'mail', 'backup']
const guess = (text: string) => guessForm(text, (name) => accounts.includes(name))

describe('the columns that a comment names', () => {
  test.each([
    ['# m h dom mon dow user\tcommand', true],
    ['#minute\thour\tmday\tmonth\twday\twho\tcommand', true],
    ['# *  *  *  *  * user-name command to be executed', true],
    ['# min hour day month weekday <user> <command>', true],
    ['# m h  dom mon dow   command', false],
    ['# *  *  *  *  *  command to be executed', false],
  ])('the comment %s decides that there are users: %s', (line, system) => {
    expect(guess(`${line}\n0 0 * * * root x\n0 0 * * * y\n`)).toEqual({ by: 'comment', system })
  })

  test.each([
    '# This is the user command that we want to be run',
    '# m h dom mon dow',
    '#0 0 * * * root command',
  ])('the comment %s decides nothing', (line) => {
    expect(guess(`${line}\n@daily y\n`).by).toBe('default')
  })
})

describe('account names', () => {
  test('a crontab has users if every entry has an account name and a command after it', () => {
    const text = '0 0 * * * root x\n@daily\twww-data  y -a\nX=1\n-@hourly root z\n'
    expect(guess(text)).toEqual({ by: 'accounts', system: true, user: 'root', line: 1 })
  })

  test.each([
    ['0 0 * * * www-data x\n@daily mail -s y\n', 'default'],
    ['0 0 * * * backup x\n@daily mail y\n', 'nothing'],
    ['0 0 * * * backup x\n@daily root -n y\n', 'accounts'],
  ])('for the entries %j, the form is known by: %s', (text, by) => {
    expect(guess(text).by).toBe(by)
  })

  test.each([
    [
      'another line begins with a program',
      '# x\n0 0 * * * root x\n0 0 * * * /bin/y z\n',
      'root',
      2,
    ],
    ['the account is unknown', '0 0 * * * deploy x\n', undefined, undefined],
    ['an option follows', '0 22 * * 1-5 mail -s x joe\n', undefined, undefined],
    ['no command follows', '0 22 * * 1-5 backup\n@daily root\n', undefined, undefined],
    ['there is no entry', 'X=1\n', undefined, undefined],
  ])('a crontab has no users if %s', (_why, text, user, line) => {
    expect(guess(text)).toEqual({ by: 'default', system: false, user, line })
  })

  test('words that cannot be account names are not looked up', () => {
    const asked: string[] = []
    guessForm('@daily /bin/x y\n@daily php y\n', (name) => asked.push(name) > 99)
    guessForm('@daily 0 y\n@daily $X y\n', (name) => asked.push(name) > 99)
    expect(asked).toEqual([])
  })
})
