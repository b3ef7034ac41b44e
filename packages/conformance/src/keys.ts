import type { CaseGroup } from './case.ts'
import { all, rejects, same } from './expect.ts'
import { hostile, odd } from './names.ts'
import { randomNumbers } from './samples.ts'
import type { Scene } from './scene.ts'

const chunk = 20

async function roundTrip(scene: Scene, names: readonly string[], note = ''): Promise<void> {
  for (let at = 0; at < names.length; at += chunk) {
    await Promise.all(names.slice(at, at + chunk).map((name, index) => scene.put(name, `${at + index} ${name}`)))
  }
  for (let at = 0; at < names.length; at += chunk) {
    await Promise.all(
      names.slice(at, at + chunk).map(async (name, index) => {
        const key = scene.key(name)
        const expected = `${at + index} ${name}`
        same(
          await scene.text(key),
          expected,
          `keys: each is kept exactly and is a name of its own ${JSON.stringify(name)}${note}`,
        )
        const entry = await scene.store.stat(key)
        same(entry.key, key, `keys: an entry tells the key that was written${note}`)
      }),
    )
  }
  if (scene.capabilities.ops.list === undefined) return
  const found = (await scene.names()).filter((name) => !name.endsWith('/'))
  same(found, names.toSorted(), `keys: a listing tells the keys that were written${note}`)
  if (scene.capabilities.ops.delete === undefined) return
  for (let at = 0; at < names.length; at += chunk) {
    await Promise.all(names.slice(at, at + chunk).map((name) => scene.store.delete(scene.key(name))))
  }
  same(
    (await scene.names()).filter((name) => !name.endsWith('/')),
    [],
    `keys: every one can be deleted${note}`,
  )
}

export const keys: CaseGroup = {
  name: 'keys',
  needs: ['objects to read'],
  cases: [
    {
      title: 'odd names are kept exactly, each a name of its own',
      needs: ['write'],
      run: (scene) => roundTrip(scene, odd),
    },
    {
      title: 'odd names are kept exactly as directories too',
      needs: ['write'],
      run: (scene) =>
        roundTrip(
          scene,
          odd.map((name) => `${name}/${name}`),
        ),
    },
    {
      title: 'random Unicode names are kept exactly',
      needs: ['write'],
      async run(scene) {
        const seed = scene.subject.randomSeed ?? Date.now() % 2 ** 31
        const random = randomNumbers(seed)
        const names = new Set<string>()
        while (names.size < (scene.full ? 500 : 60)) {
          const name = randomName(random)
          // A file below another is a matter of its own.
          const clashes = [...names].some((other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`))
          if (!clashes) names.add(name)
        }
        await roundTrip(scene, [...names], ` (randomSeed ${seed})`)
      },
    },
    {
      title: 'a copy and a move keep odd names',
      needs: ['write', 'copy', 'move'],
      async run(scene) {
        const names = odd.filter((_, index) => index % 6 === 0)
        for (const name of names) {
          const from = await scene.put(`from ${name}`, name)
          await scene.store.copy(from, scene.key(`copy ${name}`))
          await scene.store.move(from, scene.key(`move ${name}`))
          const texts = [await scene.text(scene.key(`copy ${name}`)), await scene.text(scene.key(`move ${name}`))]
          same(texts, [name, name], `keys: copies and moves keep names ${JSON.stringify(name)}`)
        }
      },
    },
    {
      title: 'what is no key is InvalidKey everywhere, before any I/O',
      async run(scene) {
        const there = await scene.put('there', 'x')
        const before = await scene.subject.requests?.()
        const { store } = scene
        const { ops } = scene.capabilities
        for (const name of hostile) {
          const rule = `keys: ${JSON.stringify(name)} is InvalidKey for`
          await rejects(store.stat(name), 'InvalidKey', `${rule} stat`)
          await rejects(store.read(name), 'InvalidKey', `${rule} read`)
          if (ops.list) await rejects(all(store.list(name)), 'InvalidKey', `${rule} list`)
          if (ops.write) await rejects(store.write(name, 'x'), 'InvalidKey', `${rule} write`)
          if (ops.delete) await rejects(store.delete(name), 'InvalidKey', `${rule} delete`)
          if (ops.copy) await rejects(store.copy(name, scene.key('to')), 'InvalidKey', `${rule} copy`)
          if (ops.copy) await rejects(store.copy(there, name), 'InvalidKey', `${rule} copy`)
          if (ops.move) await rejects(store.move(there, name), 'InvalidKey', `${rule} move`)
          if (ops.append) await rejects(store.append(name, 'x'), 'InvalidKey', `${rule} append`)
          if (ops.open) await rejects(store.open(name, 'read'), 'InvalidKey', `${rule} open`)
          if (ops.url) await rejects(store.url(name, { expiresInSeconds: 60 }), 'InvalidKey', `${rule} url`)
          if (ops.directories) await rejects(store.directories.make(name), 'InvalidKey', `${rule} directories.make`)
          if (ops.links) await rejects(store.links.make(name, 'x'), 'InvalidKey', `${rule} links.make`)
        }
        same(await scene.subject.requests?.(), before, 'keys: what is no key is refused before any I/O')
        same(await scene.text(there), 'x', 'keys: a refused call changes nothing')
      },
    },
  ],
}

const alphabets: readonly (readonly [from: number, to: number])[] = [
  [0x20, 0x7e],
  [0x01, 0x1f],
  [0xa0, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x5ff],
  [0xac00, 0xad00],
  [0xe000, 0xe010],
  [0xff00, 0xffff],
  [0x1f300, 0x1f6ff],
  [0x10fff0, 0x10ffff],
]

function randomName(random: () => number): string {
  const segments = Array.from({ length: random() < 0.7 ? 1 : 2 }, () => {
    const length = 1 + Math.floor(random() * 12)
    const points = Array.from({ length }, () => {
      const [from, to] = alphabets[Math.floor(random() ** 2 * alphabets.length)] ?? [0x61, 0x7a]
      return from + Math.floor(random() * (to - from + 1))
    })
    const text = String.fromCodePoint(...points).replaceAll('/', '_')
    return text === '.' || text === '..' ? `${text}.` : text
  })
  return `r${segments.join('/s')}`
}
