/** How each server comes to be. Its folder in the cache is named `<name>-<version>`, so a new version is a new folder. */
export type Recipe =
  | { readonly kind: 'go-install'; readonly version: string; readonly module: string; readonly binary: string }
  | {
      /** Built in a module of ours under `go/<folder>`, whose go.mod and go.sum pin what it is made of. */
      readonly kind: 'go-module'
      readonly version: string
      readonly folder: string
      readonly module: string
      readonly binary: string
    }
  | {
      /** Unpacked, not installed. Debian keeps one version per release, so the release's name stands for the version. */
      readonly kind: 'debian'
      readonly packages: readonly string[]
      readonly binary: string
    }

export type ServerName = 'versitygw' | 'rclone' | 'kubo' | 'vsftpd' | 'pure-ftpd'

export const recipes: Readonly<Record<ServerName, Recipe>> = {
  versitygw: {
    kind: 'go-install',
    version: 'v1.8.0',
    module: 'github.com/versity/versitygw/cmd/versitygw',
    binary: 'versitygw',
  },
  rclone: { kind: 'go-install', version: 'v1.75.1', module: 'github.com/rclone/rclone', binary: 'rclone' },
  kubo: {
    kind: 'go-module',
    version: 'v0.42.0',
    folder: 'kubo',
    module: 'github.com/ipfs/kubo/cmd/ipfs',
    binary: 'ipfs',
  },
  vsftpd: { kind: 'debian', packages: ['vsftpd', 'libwrap0'], binary: 'usr/sbin/vsftpd' },
  'pure-ftpd': {
    kind: 'debian',
    packages: ['pure-ftpd', 'pure-ftpd-common', 'libsodium23'],
    binary: 'usr/sbin/pure-ftpd',
  },
}
