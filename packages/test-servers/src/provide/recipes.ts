/** How each program comes to be. Its folder in the cache is named `<name>-<version>`, so a new version is a new folder. */
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
      /**
       * A daemon, unpacked and not installed, that has to be started as root. Debian keeps one version per release, so the release's name
       * stands for the version.
       */
      readonly kind: 'debian'
      readonly packages: readonly string[]
      readonly binary: string
    }
  | {
      /**
       * Unpacked and not installed, with what it needs and this machine lacks; `binary` is a script that starts `program` with those
       * libraries.
       */
      readonly kind: 'debian-program'
      readonly package: string
      readonly program: string
      readonly binary: string
      /** Taken from the PATH where it is there. */
      readonly onPath?: true
    }
  | {
      /** From PyPI, in a virtual environment of its own; what it needs has the versions of `python/<name>.txt`. `binary` starts `module`. */
      readonly kind: 'venv'
      readonly version: string
      readonly package: string
      readonly module: string
      readonly binary: string
    }

export type ServerName =
  | 'nginx'
  | 'apache'
  | 'versitygw'
  | 'rclone'
  | 'kubo'
  | 'kubo-0.39'
  | 'lassie'
  | 'vsftpd'
  | 'pure-ftpd'

/** Clients that servers are tested with. */
export type ClientName = 'curl' | 'wget' | 'aria2' | 'chromium' | 'schemathesis' | 'ipfs-cid'

export type ProgramName = ServerName | ClientName

export const recipes: Readonly<Record<ProgramName, Recipe>> = {
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
  // The oldest that we promise.
  'kubo-0.39': {
    kind: 'go-module',
    version: 'v0.39.0',
    folder: 'kubo-0.39',
    module: 'github.com/ipfs/kubo/cmd/ipfs',
    binary: 'ipfs',
  },
  lassie: {
    kind: 'go-module',
    version: 'v0.25.0',
    folder: 'lassie',
    module: 'github.com/filecoin-project/lassie/cmd/lassie',
    binary: 'lassie',
  },
  vsftpd: { kind: 'debian', packages: ['vsftpd', 'libwrap0'], binary: 'usr/sbin/vsftpd' },
  'pure-ftpd': {
    kind: 'debian',
    packages: ['pure-ftpd', 'pure-ftpd-common', 'libsodium23'],
    binary: 'usr/sbin/pure-ftpd',
  },
  nginx: { kind: 'debian-program', package: 'nginx', program: 'usr/sbin/nginx', binary: 'nginx' },
  apache: { kind: 'debian-program', package: 'apache2-bin', program: 'usr/sbin/apache2', binary: 'apache2' },
  curl: { kind: 'debian-program', package: 'curl', program: 'usr/bin/curl', binary: 'curl', onPath: true },
  wget: { kind: 'debian-program', package: 'wget', program: 'usr/bin/wget', binary: 'wget', onPath: true },
  aria2: { kind: 'debian-program', package: 'aria2', program: 'usr/bin/aria2c', binary: 'aria2c' },
  'ipfs-cid': { kind: 'debian-program', package: 'ipfs-cid', program: 'usr/bin/ipfs_cid', binary: 'ipfs_cid' },
  chromium: {
    kind: 'debian-program',
    package: 'chromium-headless-shell',
    program: 'usr/lib/chromium/chromium-headless-shell',
    binary: 'chromium',
  },
  schemathesis: {
    kind: 'venv',
    version: '4.32.5',
    package: 'schemathesis',
    module: 'schemathesis.cli',
    binary: 'schemathesis',
  },
}
