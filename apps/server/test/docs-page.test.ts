// A13: the page at /docs, in a real browser and under its own policy.
import { memory } from '@kit/backend-memory'
import { openStore } from '@kit/core'
import { provide } from '@kit/test-servers'
import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { cannotRun } from './peers/peer.ts'
import { serveStore } from './serve.ts'

test.skipIf(await cannotRun('chromium'))(
  'the page shows every operation, tries one, loads nothing from elsewhere and breaks no policy',
  { timeout: 60_000 },
  async () => {
    const { base } = await serveStore(await openStore(memory({}), { name: 'files' }))
    const quiet = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--no-pings']
    const browser = await chromium.launch({ executablePath: await provide('chromium'), args: quiet })
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    const [elsewhere, complaints]: [string[], string[]] = [[], []]
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith('data:')) elsewhere.push(request.url())
    })
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${base}/docs`)
    await page.waitForSelector('#operations-stores-listStores')
    expect(await page.locator('.opblock').count()).toBeGreaterThan(30)
    await page.locator('#operations-stores-listStores .opblock-summary-control').click()
    await page.locator('#operations-stores-listStores .try-out__btn').click()
    await page.locator('#operations-stores-listStores .execute').click()
    const answer = page.locator('#operations-stores-listStores .live-responses-table .response-col_description pre')
    await answer.first().waitFor()
    expect(await answer.first().textContent()).toContain('"files"')
    expect({ elsewhere, complaints }).toEqual({ elsewhere: [], complaints: [] })
  },
)
