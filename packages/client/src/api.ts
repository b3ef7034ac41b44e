// Made from the server's OpenAPI document by `node --conditions=@kit/source scripts/api-types.ts`; do not edit.

export interface paths {
    "/api/v1/stores/{store}/objects/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of an object, all or some */
        get: operations["readObject"];
        /**
         * Writes an object, all or nothing
         * @description Attributes stand in the headers. What the store cannot keep is refused, except Content-Type, which is left out.
         */
        put: operations["writeObject"];
        post?: never;
        /**
         * Deletes an object
         * @description Absent is success, unless there is a condition.
         */
        delete: operations["deleteObject"];
        options?: never;
        /**
         * What GET would tell of an object, without its bytes
         * @description A failure has no body: its code is in X-Kit-Error.
         */
        head: operations["headObject"];
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/append/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adds bytes to the end of an object
         * @description Makes a missing one. `at` makes it safe to repeat: an object of another length is ConditionFailed.
         */
        post: operations["appendObject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/uploads/{id}/parts/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * The bytes of one part
         * @description Parts may come in any order and in parallel.
         */
        put: operations["putPart"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/content/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Content by its CID: the bytes of a file, a CAR, or what is known of it
         * @description Every byte has been checked against its CID. A directory is listed at …/content?path=, and comes whole as a CAR.
         */
        get: operations["readContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /**
         * What GET would tell of a file, without its bytes
         * @description A failure has no body: its code is in X-Kit-Error.
         */
        head: operations["headContent"];
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a directory holds, by its CID
         * @description In the order of its blocks. A page as JSON; or, with `Accept: application/x-ndjson`, an entry a line to the end, which costs less than many pages: each begins the directory anew. Lines that break off end with a line of the form of Failure.
         */
        get: operations["listContent"];
        put?: never;
        /**
         * Takes in a file, or the blocks of a CAR
         * @description What is not pinned, and part of nothing that is, goes with the next collection. The same bytes have the same CID, so that nothing happens the second time. Blocks of a CAR are checked as they come.
         */
        post: operations["addContent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/blocks/{cid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of a block, checked against its CID */
        get: operations["readBlock"];
        /**
         * Takes in a block
         * @description Of at most 2 MiB and 64 KiB, of any codec. Bytes that are not those of the CID are Corrupt, 400. Nothing holds it until it is pinned, or part of what is.
         */
        put: operations["writeBlock"];
        post?: never;
        delete?: never;
        options?: never;
        /**
         * Whether a block is there
         * @description A failure has no body: its code is in X-Kit-Error.
         */
        head: operations["headBlock"];
        patch?: never;
        trace?: never;
    };
    "/api/v0/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What answers
         * @description Kubo's own command asks it before any other. `System` is `kit`, and the version Kit's.
         */
        get: operations["ipfsVersion"];
        put?: never;
        /**
         * What answers
         * @description Kubo's own command asks it before any other. `System` is `kit`, and the version Kit's.
         */
        post: operations["ipfsVersionPost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v0/add": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adds files and trees
         * @description A line of JSON for each file, as it is there, then for each directory. Parts are named by their `filename`, percent-encoded; `/` parts names. What breaks after the first line breaks the connection.
         */
        post: operations["ipfsAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v0/cat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The bytes of a file
         * @description Each is checked against its CID. What begins behind the end is empty.
         */
        get: operations["ipfsCat"];
        put?: never;
        /**
         * The bytes of a file
         * @description Each is checked against its CID. What begins behind the end is empty. The parameters may also come as the members of a JSON body; `arg` may come several times, and be a list there.
         */
        post: operations["ipfsCatPost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v0/pin/add": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pins content
         * @description What is to be pinned has to be there. The parameters may also come as the members of a JSON body; `arg` may come several times, and be a list there.
         */
        post: operations["ipfsPinAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v0/pin/rm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Removes pins
         * @description With `recursive=false`, one that is recursive is left and refused. The parameters may also come as the members of a JSON body; `arg` may come several times, and be a list there.
         */
        post: operations["ipfsPinRm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v0/pin/ls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is pinned
         * @description All pins, or how those of `arg` are pinned: one that is not is an error.
         */
        get: operations["ipfsPinLs"];
        put?: never;
        /**
         * What is pinned
         * @description All pins, or how those of `arg` are pinned: one that is not is an error. The parameters may also come as the members of a JSON body; `arg` may come several times, and be a list there.
         */
        post: operations["ipfsPinLsPost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the server counts */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the server runs
         * @description Asks no store, and wants no token.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What server this is */
        get: operations["getServer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The stores that the token sees */
        get: operations["listStores"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a store can do */
        get: operations["getStore"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/matrix": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What each store can do, in one table */
        get: operations["getMatrix"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much of a store is used */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether a store answers */
        post: operations["pingStore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/objects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is in a directory
         * @description A page as JSON; or, with `Accept: application/x-ndjson`, an entry a line to the end. Lines that break off end with a line of the form of Failure.
         */
        get: operations["listObjects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/entries/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is known of an object, a directory or a link
         * @description Links are not followed.
         */
        get: operations["getEntry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Sets attributes of an object
         * @description Those named are set, the others stay. What the store cannot keep is refused.
         */
        patch: operations["updateEntry"];
        trace?: never;
    };
    "/api/v1/stores/{store}/versions/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Kept versions of an object, the newest first */
        get: operations["listVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/copy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Copies an object within its store */
        post: operations["copyObject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives an object another key */
        post: operations["moveObject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deletes several objects
         * @description Absent is success. Where some failed the status is 200 still, and `success` is false.
         */
        post: operations["deleteObjects"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/directories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a directory, and those above it
         * @description One that exists is success.
         */
        post: operations["makeDirectory"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/directories/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a directory */
        delete: operations["removeDirectory"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a symbolic link
         * @description The target is kept as it is spelt and need not exist. A token that has only a part of the store makes none that leads out of it.
         */
        post: operations["makeLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A link to an object that needs no credentials until it expires */
        post: operations["signUrl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Uploads that are under way
         * @description Those whose keys the token may write, whoever began them. Unsupported where the store does not tell.
         */
        get: operations["listUploads"];
        put?: never;
        /** Begins an upload in parts */
        post: operations["startUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which parts have arrived */
        get: operations["getUpload"];
        put?: never;
        post?: never;
        /** Drops an upload and its parts */
        delete: operations["abortUpload"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/uploads/{id}/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Joins the parts to an object
         * @description Under the conditions given at the start. A gap in the numbers is InvalidRange.
         */
        post: operations["finishUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The paths on which two trees differ
         * @description A line for each, in no order; what is the same in both is not read. A directory that is only in one of them is told with everything below it. On stores whose versions are commits, the tree of a version is `VERSION/root`. Lines that break off end with a line of the form of Failure.
         */
        get: operations["diffContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The pins of a store
         * @description A page as JSON, which may hold fewer pins than `limit`; or, with `Accept: application/x-ndjson`, a pin a line to the end. Lines that break off end with a line of the form of Failure.
         */
        get: operations["listPins"];
        put?: never;
        /**
         * Pins content
         * @description Pinning twice is success, and the later name and metadata count.
         */
        post: operations["addPin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/pins/{cid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How content is pinned
         * @description NotFound where it is not.
         */
        get: operations["getPin"];
        put?: never;
        post?: never;
        /**
         * Removes a pin
         * @description What nothing else holds goes with the next collection. NotFound where there is no such pin.
         */
        delete: operations["removePin"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/ipns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Points a name at content */
        post: operations["publishName"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/ipns/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a name points */
        get: operations["resolveName"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/collect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes away the blocks that nothing needs
         * @description Only what no pin and no kept version leads to ever goes. Counts as JSON; or, with `Accept: application/x-ndjson`, a line for each block that went. It ends when the client goes away; what has gone by then has gone, and the rest is whole.
         */
        post: operations["collectBlocks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stores/{store}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes an object what it was in a kept version
         * @description As a new version, with the attributes that it had. One that was deleted since is there again.
         */
        post: operations["restoreObject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The jobs of the token, the newest first */
        get: operations["listJobs"];
        put?: never;
        /**
         * Begins a transfer between two stores, or within one
         * @description It goes on after the answer. With `dryRun` it only tells, as items, what it would do. The token needs what the job does: `list` and `read` of what it comes from, `list` and `write` of what it goes to, `delete` where something goes.
         */
        post: operations["startJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a job stands */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to a job, as it happens
         * @description Server-sent events: `state` with the job, `progress`, `item` with what became of one object, `lost` where events have gone that cannot be told any more. Each has an id; `Last-Event-ID` goes on after it. The stream ends with the job.
         */
        get: operations["getJobEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends a job before it is done
         * @description What it has done stays done. One that has ended stays as it is.
         */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What went wrong, and what to do. */
        Error: {
            /** @enum {string} */
            code: "NotFound" | "AlreadyExists" | "ConditionFailed" | "NotModified" | "NotEmpty" | "IsDirectory" | "NotDirectory" | "InvalidKey" | "InvalidRange" | "InvalidConfig" | "Unauthenticated" | "PermissionDenied" | "ReadOnly" | "Unsupported" | "TooLarge" | "QuotaExceeded" | "RateLimited" | "Conflict" | "NotReady" | "Unavailable" | "Timeout" | "Aborted" | "Corrupt" | "Unexpected";
            message: string;
            hint?: string;
            /**
             * @description Whether asking again may help.
             * @enum {string}
             */
            retry: "never" | "safe" | "exhausted";
            /**
             * @description Whether the change may have happened.
             * @enum {string}
             */
            applied?: "no" | "maybe" | "yes";
            store?: string;
            key?: string;
            retryAfterMs?: number;
            requestId?: string;
        };
        /**
         * @description The request failed. The status follows from the code, which is in X-Kit-Error too.
         * @example {
         *       "success": false,
         *       "operation": "read",
         *       "timestamp": "2026-11-21T12:00:00.000Z",
         *       "correlation_id": "4d1c2b0e-8f7a-4b52-9d0e-0a4f6a1f2b3c",
         *       "error": {
         *         "code": "NotFound",
         *         "message": "NotFound: read \"none\" on files: there is no such object",
         *         "hint": "Check the key; `list` shows what is there.",
         *         "retry": "never",
         *         "applied": "no",
         *         "store": "files",
         *         "key": "none",
         *         "requestId": "4d1c2b0e-8f7a-4b52-9d0e-0a4f6a1f2b3c"
         *       },
         *       "error_type": "IPFSContentNotFoundError",
         *       "recoverable": false
         *     }
         */
        Failure: {
            /** @constant */
            success: false;
            operation: string;
            /** Format: date-time */
            timestamp: string;
            correlation_id: string;
            error: components["schemas"]["Error"];
            error_type?: string;
            recoverable?: boolean;
        };
        /**
         * @description One object, as far as its store tells it.
         * @example {
         *       "kind": "file",
         *       "key": "2026/trip.json",
         *       "size": 10,
         *       "etag": "\"5d41402a\"",
         *       "modified": "2026-11-21T12:00:00.000Z"
         *     }
         */
        Entry: {
            /** @enum {string} */
            kind: "file" | "directory" | "link";
            key: string;
            /** @description In bytes. */
            size?: number;
            /** @description As the ETag header spells it. */
            etag?: string;
            /** Format: date-time */
            modified?: string;
            /** @description POSIX permission bits. */
            mode?: number;
            contentType?: string;
            contentEncoding?: string;
            contentDisposition?: string;
            cacheControl?: string;
            metadata?: {
                [key: string]: string;
            };
            version?: string;
            cid?: string;
            id?: string;
            /** @description Where a link points. */
            target?: string;
            hashes?: {
                [key: string]: string;
            };
            /** @enum {string} */
            state?: "online" | "archived" | "pending";
        };
        /** @description How far a job is. */
        Progress: {
            items: {
                done: number;
                failed: number;
                skipped: number;
                total: number;
            };
            bytes: {
                done: number;
                total: number;
            };
            /** @description While true, the totals still grow. */
            planning: boolean;
            bytesPerSecond: number;
            remainingSeconds?: number;
            active: {
                key: string;
                bytes: number;
                total?: number;
            }[];
        };
        /** @description A transfer that goes on by itself. `failed` also where only some objects failed. */
        Job: {
            id: string;
            /** @enum {string} */
            kind: "copy" | "move" | "sync" | "check";
            from: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /** @description An object, or a directory with all below it; "" is the whole store. */
                key: string;
            };
            to: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /** @description An object, or a directory with all below it; "" is the whole store. */
                key: string;
            };
            options: {
                /** @description Which objects the job is about. The first rule that matches decides. */
                filter?: {
                    rules?: string[];
                    exclude?: string[];
                    include?: string[];
                    minSize?: number;
                    maxSize?: number;
                    /** @description Unix ms. */
                    changedFrom?: number;
                    /** @description Unix ms. */
                    changedBefore?: number;
                };
                /** @description Of a sync: what is only at the target goes. */
                delete?: boolean;
                /** @description Only tells, as items, what it would do. */
                dryRun?: boolean;
                /** @description Compares hashes, never size and time alone. */
                checksum?: boolean;
                /** @description Copies what is the same, too. */
                force?: boolean;
                /** @description Leaves alone whatever is at the target. */
                ifAbsent?: boolean;
                /**
                 * @description Default keep.
                 * @enum {string}
                 */
                links?: "keep" | "follow" | "skip";
            };
            /** @enum {string} */
            state: "queued" | "running" | "done" | "failed" | "cancelled";
            progress?: components["schemas"]["Progress"];
            /** @description Sums: copied, moved, deleted, skipped, failed, bytes, seconds; of a check same, differs, onlyLeft, onlyRight, failed; of a dry run the number of each action. */
            summary?: {
                [key: string]: number;
            };
            error?: components["schemas"]["Error"];
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            started?: string;
            /** Format: date-time */
            ended?: string;
        };
        /** @description The request failed; Kubo's form. The code of Kit is in X-Kit-Error. */
        KuboFailure: {
            Message: string;
            Code: number;
            /** @constant */
            Type: "error";
        };
        /** @description What is not to be collected, as far as the store tells it. */
        Pin: {
            cid: string;
            name?: string;
            /**
             * @description `indirect`: below another that is pinned with all that is below it.
             * @enum {string}
             */
            mode: "recursive" | "direct" | "indirect";
            /** @enum {string} */
            status: "queued" | "pinning" | "pinned" | "failed";
            /** @description How many are confirmed. */
            copies?: number;
            /** Format: date-time */
            expires?: string;
            metadata?: {
                [key: string]: string;
            };
        };
        /**
         * @description `native`: one call of the store does it. `emulated`: it is made out of several.
         * @enum {string}
         */
        How: "native" | "emulated";
        /** @description What a store can do. What is not named, it refuses with Unsupported. */
        Capabilities: {
            ops: {
                [key: string]: components["schemas"]["How"];
            };
            /** @enum {string} */
            etag?: "strong" | "weak";
            read: {
                range?: components["schemas"]["How"];
                ifMatch?: components["schemas"]["How"];
                ifNoneMatch?: components["schemas"]["How"];
                version?: components["schemas"]["How"];
            };
            write?: {
                atomic?: components["schemas"]["How"];
                /** @enum {string} */
                durable: "process" | "power";
                ifAbsent?: components["schemas"]["How"];
                ifMatch?: components["schemas"]["How"];
                /** @enum {string} */
                conditionScope?: "store" | "host" | "process";
                unknownSize?: components["schemas"]["How"];
                /** @constant */
                parents?: "required";
                attributes: string[];
                metadataMaxBytes?: number;
                checks?: string[];
                maxBytes?: number;
            };
            copy?: {
                ifAbsent?: components["schemas"]["How"];
                ifMatch?: components["schemas"]["How"];
                fromEtag?: components["schemas"]["How"];
            };
            move?: {
                ifAbsent?: components["schemas"]["How"];
                ifMatch?: components["schemas"]["How"];
                /** @constant */
                replaces?: "gap";
            };
            list?: {
                recursive?: components["schemas"]["How"];
                after?: components["schemas"]["How"];
                /** @constant */
                cursor?: true;
                ordered?: components["schemas"]["How"];
                pageMax: number;
                fields: string[];
            };
            delete?: {
                ifMatch?: components["schemas"]["How"];
                batchMax?: number;
            };
            keys: {
                maxBytes: number;
                segmentMaxBytes?: number;
                forbidden?: string;
                reserved?: string[];
                /** @enum {string} */
                names?: "unicode" | "bytes";
                /** @constant */
                anySegment?: true;
                caseSensitive: boolean;
                /** @enum {string} */
                unicode: "exact" | "nfc" | "nfd";
                /** @constant */
                fileAndPrefix?: true;
            };
            /** @enum {string} */
            directories: "real" | "marker" | "implied";
            consistent: {
                read: boolean;
                list: boolean;
            };
            changes?: {
                resumable: boolean;
            };
            upload?: {
                partMinBytes: number;
                partMaxBytes: number;
                partsMax: number;
                /** @constant */
                list?: true;
            };
            hints?: {
                latencyMs?: number;
                /** @enum {string} */
                throughput?: "none" | "low" | "medium" | "high" | "very high";
                /** @enum {string} */
                durability?: "none" | "low" | "medium" | "high" | "very high";
                /** @enum {string} */
                cost?: "none" | "low" | "medium" | "high" | "very high";
                concurrency?: number;
                opsPerSecond?: number;
                localFiles?: boolean;
            };
        };
        /** @description In bytes and objects. What the store cannot tell is absent, never 0. */
        Usage: {
            usedBytes?: number;
            totalBytes?: number;
            freeBytes?: number;
            objects?: number;
        };
        /** @description An upload in parts. Nothing of it is seen before it is finished. */
        Upload: {
            /** @description Opaque; good until the upload ends or expires, across restarts. */
            id: string;
            key: string;
            /** @description Every part but the last has this many bytes. */
            partBytes: number;
            /** Format: date-time */
            expires?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readObject: {
        parameters: {
            query?: {
                /** @description A kept version instead of the newest. */
                version?: string;
            };
            header?: {
                /** @description Only while the object is in one of these states; `*`: only where there is one. */
                "if-match"?: string;
                /** @description Not while the object is in one of these states; `*`: only where there is none. */
                "if-none-match"?: string;
                /** @description HTTP date. */
                "if-unmodified-since"?: string;
                /** @description HTTP date. */
                "if-modified-since"?: string;
                /** @description `bytes=0-99`, `bytes=-100`, or several: `bytes=0-9,20-29`. */
                range?: string;
                /** @description An etag or a date: of another object the whole is served. */
                "if-range"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All bytes. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    /** @description As it was written; application/octet-stream where the store keeps none. */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment` for all that a browser would not merely show. */
                    "Content-Disposition"?: string;
                    /** @description As it was written. */
                    "Content-Encoding"?: string;
                    /** @description As it was written, else `private, no-cache`. */
                    "Cache-Control"?: string;
                    "Accept-Ranges"?: "bytes";
                    /** @description SHA-256 of the whole object, where the store tells it. */
                    "Repr-Digest"?: string;
                    /** @description User metadata, percent-encoded UTF-8; a header for each name. */
                    "X-Kit-Meta-NAME"?: string;
                    /** @description For `Accept: application/vnd.kit.object`, instead of the attributes: the entry as JSON, percent-encoded. */
                    "X-Kit-Entry"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "application/vnd.kit.object": string;
                };
            };
            /** @description One range; or several, each with its Content-Range, in the order they were asked for. */
            206: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    /** @description As it was written; application/octet-stream where the store keeps none. */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment` for all that a browser would not merely show. */
                    "Content-Disposition"?: string;
                    /** @description As it was written. */
                    "Content-Encoding"?: string;
                    /** @description As it was written, else `private, no-cache`. */
                    "Cache-Control"?: string;
                    "Accept-Ranges"?: "bytes";
                    /** @description SHA-256 of the whole object, where the store tells it. */
                    "Repr-Digest"?: string;
                    /** @description User metadata, percent-encoded UTF-8; a header for each name. */
                    "X-Kit-Meta-NAME"?: string;
                    /** @description For `Accept: application/vnd.kit.object`, instead of the attributes: the entry as JSON, percent-encoded. */
                    "X-Kit-Entry"?: string;
                    /** @description Which bytes these are, and of how many. */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "multipart/byteranges": string;
                };
            };
            /** @description The object is in a state that the request names. */
            304: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    /** @description As with the object. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Range Not Satisfiable */
            416: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    /** @description `bytes *\/SIZE`. */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    writeObject: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only while the object is in one of these states; `*`: only where there is one. */
                "if-match"?: string;
                /** @description Not while the object is in one of these states; `*`: only where there is none. */
                "if-none-match"?: string;
                /** @description HTTP date. */
                "if-unmodified-since"?: string;
                /** @description Kept, not undone. */
                "content-encoding"?: string;
                /** @description Kept. */
                "content-disposition"?: string;
                /** @description Kept. */
                "cache-control"?: string;
                /** @description `sha-256=:BASE64:`; a body that does not match is Corrupt, 400, and nothing is written. */
                "content-digest"?: string;
                /** @description As Content-Digest. */
                "repr-digest"?: string;
                /** @description User metadata, percent-encoded UTF-8; a header for each name. */
                "x-kit-meta-NAME"?: string;
                /** @description Time of the last change, ISO 8601. */
                "x-kit-modified"?: string;
                /** @description POSIX permission bits in octal. */
                "x-kit-mode"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "*/*": string;
            };
        };
        responses: {
            /** @description It replaced another. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It is new. */
            201: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Payload Too Large */
            413: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    deleteObject: {
        parameters: {
            query?: {
                /** @description A kept version instead of the newest. */
                version?: string;
            };
            header?: {
                /** @description Only while the object is in one of these states; `*`: only where there is one. */
                "if-match"?: string;
                /** @description Not while the object is in one of these states; `*`: only where there is none. */
                "if-none-match"?: string;
                /** @description HTTP date. */
                "if-unmodified-since"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is not there. */
            204: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    headObject: {
        parameters: {
            query?: {
                /** @description A kept version instead of the newest. */
                version?: string;
            };
            header?: {
                /** @description Only while the object is in one of these states; `*`: only where there is one. */
                "if-match"?: string;
                /** @description Not while the object is in one of these states; `*`: only where there is none. */
                "if-none-match"?: string;
                /** @description HTTP date. */
                "if-unmodified-since"?: string;
                /** @description HTTP date. */
                "if-modified-since"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    /** @description As it was written; application/octet-stream where the store keeps none. */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment` for all that a browser would not merely show. */
                    "Content-Disposition"?: string;
                    /** @description As it was written. */
                    "Content-Encoding"?: string;
                    /** @description As it was written, else `private, no-cache`. */
                    "Cache-Control"?: string;
                    "Accept-Ranges"?: "bytes";
                    /** @description SHA-256 of the whole object, where the store tells it. */
                    "Repr-Digest"?: string;
                    /** @description User metadata, percent-encoded UTF-8; a header for each name. */
                    "X-Kit-Meta-NAME"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The object is in a state that the request names. */
            304: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description State of the object. */
                    ETag?: string;
                    /** @description HTTP date. */
                    "Last-Modified"?: string;
                    /** @description As with the object. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    appendObject: {
        parameters: {
            query?: {
                /** @description Length in bytes that the object must have. */
                at?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description The object as it is now. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    putPart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /** @description Of the upload. */
                id: string;
                /** @description From 1. The same number again replaces the part. */
                number: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description The part has arrived. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        part: {
                            number: number;
                            size: number;
                        };
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    readContent: {
        parameters: {
            query?: {
                /** @description `car`: the blocks, as a CAR of version 1 that is made as it is sent. `entry`: what is known of it, as JSON; directories and links too. */
                format?: "car" | "entry";
                /** @description Of a CAR. All that is below; a file or directory without what the directory lists; one block. */
                scope?: "all" | "entity" | "block";
            };
            header?: {
                /** @description Only where the content is one of these. */
                "if-match"?: string;
                /** @description Not where the content is one of these. */
                "if-none-match"?: string;
                /** @description `bytes=0-99` or `bytes=-100`, of a file. */
                range?: string;
                /** @description An etag: of other content the whole is served. */
                "if-range"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, or a CID and the names below it: `CID/photos/one.jpg`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    /** @description HTTP date, where the content says one. */
                    "Last-Modified"?: string;
                    /** @description application/octet-stream, save for blocks of dag-cbor and dag-json. */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment`. */
                    "Content-Disposition"?: string;
                    "Accept-Ranges"?: "bytes";
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "application/vnd.ipld.dag-cbor": string;
                    "application/vnd.ipld.dag-json": string;
                    "application/vnd.ipld.car": string;
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description A range of a file. */
            206: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    /** @description HTTP date, where the content says one. */
                    "Last-Modified"?: string;
                    /** @description application/octet-stream, save for blocks of dag-cbor and dag-json. */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment`. */
                    "Content-Disposition"?: string;
                    "Accept-Ranges"?: "bytes";
                    /** @description Which bytes these are, and of how many. */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description It is content that the request names. */
            304: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Range Not Satisfiable */
            416: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    /** @description `bytes *\/SIZE`. */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    headContent: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only where the content is one of these. */
                "if-match"?: string;
                /** @description Not where the content is one of these. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, or a CID and the names below it: `CID/photos/one.jpg`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    /** @description HTTP date, where the content says one. */
                    "Last-Modified"?: string;
                    /** @description application/octet-stream, save for blocks of dag-cbor and dag-json. */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment`. */
                    "Content-Disposition"?: string;
                    "Accept-Ranges"?: "bytes";
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It is content that the request names. */
            304: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listContent: {
        parameters: {
            query: {
                /**
                 * @description A CID, or a CID and the names below it: `CID/photos/one.jpg`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                path: string;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Entries at most. Of a page 1,000 without it. */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entries: components["schemas"]["Entry"][];
                        /** @description The cursor of the next page; absent on the last. */
                        next?: string;
                    };
                    "application/x-ndjson": components["schemas"]["Entry"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    addContent: {
        parameters: {
            query?: {
                /** @description How a file becomes blocks (IPIP-499). Default unixfs-v1-2025. */
                profile?: "unixfs-v1-2025" | "unixfs-v0-2015";
                /** @description Keeps it from being collected, with all that is below. */
                pin?: boolean;
                /** @description The body is a CAR, of version 1 or 2. */
                format?: "car";
            };
            header?: {
                /** @description `sha-256=:BASE64:`; a body that does not match is Corrupt, 400, and nothing is pinned. */
                "content-digest"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/vnd.ipld.car": string;
                "*/*": string;
            };
        };
        responses: {
            /** @description It is there. */
            201: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry?: components["schemas"]["Entry"];
                        /** @description Of a CAR: the roots that it names. */
                        roots?: string[];
                    };
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Payload Too Large */
            413: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    readBlock: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only where the content is one of these. */
                "if-match"?: string;
                /** @description Not where the content is one of these. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, in any base that is read.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                cid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The block. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    /** @description application/vnd.ipld.raw */
                    "Content-Type"?: string;
                    "Content-Length"?: number;
                    /** @description `attachment`. */
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.ipld.raw": string;
                };
            };
            /** @description It is content that the request names. */
            304: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    writeBlock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, in any base that is read.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                cid: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/vnd.ipld.raw": string;
                "*/*": string;
            };
        };
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        /** @description In its canonical base. */
                        cid: string;
                    };
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description Payload Too Large */
            413: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    headBlock: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only where the content is one of these. */
                "if-match"?: string;
                /** @description Not where the content is one of these. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, in any base that is read.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                cid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It is content that the request names. */
            304: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The CID, in quotes. */
                    ETag?: string;
                    /** @description For ever: what a CID names never changes. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    ipfsVersion: {
        parameters: {
            query?: {
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It answers. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Version: string;
                        Commit: string;
                        Repo: string;
                        /** @enum {string} */
                        System: "kit";
                        Golang: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsVersionPost: {
        parameters: {
            query?: {
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It answers. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Version: string;
                        Commit: string;
                        Repo: string;
                        /** @enum {string} */
                        System: "kit";
                        Golang: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsAdd: {
        parameters: {
            query?: {
                /** @description Default true. */
                pin?: boolean;
                /** @description Name of the pin. */
                "pin-name"?: string;
                /** @description Default 0, the profile unixfs-v0-2015; 1 is unixfs-v1-2025. */
                "cid-version"?: "0" | "1";
                /** @description That of the profile, or none: size-262144, size-1048576. */
                chunker?: string;
                /** @description As the profile has them. */
                "raw-leaves"?: boolean;
                hash?: "sha2-256";
                /** @description Stores nothing. */
                "only-hash"?: boolean;
                /** @description Makes a directory of everything. */
                "wrap-with-directory"?: boolean;
                /** @description Lines with `Bytes` too. */
                progress?: boolean;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": string;
            };
        };
        responses: {
            /** @description As lines. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Name: string;
                        Hash?: string;
                        /** @description Bytes of the DAG, as text. */
                        Size?: string;
                        /** @description Of progress: how many have come. */
                        Bytes?: number;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsCat: {
        parameters: {
            query: {
                /**
                 * @description A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                arg: string;
                /** @description Bytes to leave out. */
                offset?: number;
                /** @description Bytes at most. */
                length?: number;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsCatPost: {
        parameters: {
            query: {
                /**
                 * @description A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                arg: string;
                /** @description Bytes to leave out. */
                offset?: number;
                /** @description Bytes at most. */
                length?: number;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsPinAdd: {
        parameters: {
            query: {
                /**
                 * @description A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                arg: string;
                /** @description Default true. */
                recursive?: boolean;
                /** @description Name of the pin. */
                name?: string;
                /** @description A JSON object of texts. */
                metadata?: string;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The CIDs. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Pins: string[];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsPinRm: {
        parameters: {
            query: {
                /**
                 * @description A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                arg: string;
                /** @description Default true. */
                recursive?: boolean;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The CIDs. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Pins: string[];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsPinLs: {
        parameters: {
            query?: {
                /**
                 * @description A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                arg?: string;
                type?: "all" | "recursive" | "direct" | "indirect";
                /** @description Only pins whose name has this in it. */
                name?: string;
                /** @description Tells names. */
                names?: boolean;
                /** @description A line for each pin, `{Cid, Type, Name?}`, instead of one object. */
                stream?: boolean;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pins. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Keys: {
                            [key: string]: {
                                Type: string;
                                Name?: string;
                            };
                        };
                    } | {
                        Cid: string;
                        Type: string;
                        Name?: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    ipfsPinLsPost: {
        parameters: {
            query?: {
                /**
                 * @description A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                arg?: string;
                type?: "all" | "recursive" | "direct" | "indirect";
                /** @description Only pins whose name has this in it. */
                name?: string;
                /** @description Tells names. */
                names?: boolean;
                /** @description A line for each pin, `{Cid, Type, Name?}`, instead of one object. */
                stream?: boolean;
                /** @description As Go spells durations: `30s`. */
                timeout?: string;
                encoding?: "json";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pins. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        Keys: {
                            [key: string]: {
                                Type: string;
                                Name?: string;
                            };
                        };
                    } | {
                        Cid: string;
                        Type: string;
                        Name?: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KuboFailure"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In Prometheus' text format. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getServer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        /** @enum {string} */
                        name: "kit";
                        version: string;
                        /** @enum {number} */
                        api: 1;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    listStores: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stores. One that cannot be opened says why. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        stores: {
                            /**
                             * @description Name of the store.
                             * @example files
                             */
                            name: string;
                            /**
                             * @description What kind of store it is.
                             * @example fs
                             */
                            type?: string;
                            error?: components["schemas"]["Error"];
                        }[];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getStore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The store. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        /**
                         * @description Name of the store.
                         * @example files
                         */
                        name: string;
                        /**
                         * @description What kind of store it is.
                         * @example fs
                         */
                        type: string;
                        capabilities: components["schemas"]["Capabilities"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getMatrix: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By the names of the stores. One that cannot be opened says why. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        stores: {
                            [key: string]: {
                                /**
                                 * @description What kind of store it is.
                                 * @example fs
                                 */
                                type: string;
                                capabilities: components["schemas"]["Capabilities"];
                            } | {
                                error: components["schemas"]["Error"];
                            };
                        };
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getUsage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As far as the store tells. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        usage: components["schemas"]["Usage"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    pingStore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The store answers. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    listObjects: {
        parameters: {
            query?: {
                /**
                 * @description The directory; the whole store without it.
                 * @example 2026
                 */
                prefix?: string;
                /** @description All files below, at any depth. */
                recursive?: boolean;
                /** @description By the UTF-8 bytes of the keys. Pages are unless this is false; lines are only where it is true. */
                ordered?: boolean;
                /** @description Only keys after this one; makes the listing ordered. */
                after?: string;
                /** @description `next` of the page before, with the same other parameters. */
                cursor?: string;
                /** @description Entries at most. Of a page 1,000 without it. */
                limit?: number;
                /** @description Fields to tell even where that costs more, joined by commas. */
                want?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entries: components["schemas"]["Entry"][];
                        /** @description The cursor of the next page; absent on the last. */
                        next?: string;
                    };
                    "application/x-ndjson": components["schemas"]["Entry"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getEntry: {
        parameters: {
            query?: {
                /** @description Asks, where directories are only implied, whether anything is below the key. */
                implied?: boolean;
                /** @description A kept version instead of the newest. */
                version?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entry. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    updateEntry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "contentType": "text/plain",
                 *       "metadata": {
                 *         "a": "b"
                 *       }
                 *     }
                 */
                "application/json": {
                    contentType?: string;
                    contentEncoding?: string;
                    contentDisposition?: string;
                    cacheControl?: string;
                    metadata?: {
                        [key: string]: string;
                    };
                    /** Format: date-time */
                    modified?: string;
                    mode?: number;
                };
            };
        };
        responses: {
            /** @description The entry as it is now. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    listVersions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The newest versions, 10,000 at most; `truncated` where there are more. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entries: components["schemas"]["Entry"][];
                        /** @enum {boolean} */
                        truncated?: true;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    copyObject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "from": "2026/trip.json",
                 *       "to": "2026/copy.json",
                 *       "ifAbsent": true
                 *     }
                 */
                "application/json": {
                    /** @example 2026/trip.json */
                    from: string;
                    /** @example 2026/trip.json */
                    to: string;
                    ifAbsent?: boolean;
                    /**
                     * @description As the ETag header and entries spell it.
                     * @example "5d41402a"
                     */
                    ifMatch?: string;
                    /**
                     * @description As the ETag header and entries spell it.
                     * @example "5d41402a"
                     */
                    fromEtag?: string;
                };
            };
        };
        responses: {
            /** @description The copy. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    moveObject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example 2026/trip.json */
                    from: string;
                    /** @example 2026/trip.json */
                    to: string;
                    ifAbsent?: boolean;
                    /**
                     * @description As the ETag header and entries spell it.
                     * @example "5d41402a"
                     */
                    ifMatch?: string;
                };
            };
        };
        responses: {
            /** @description The object under its new key. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    deleteObjects: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "keys": [
                 *         "a",
                 *         "b"
                 *       ]
                 *     }
                 */
                "application/json": {
                    keys: string[];
                };
            };
        };
        responses: {
            /** @description What became of each key. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        total: number;
                        successful: number;
                        failed: number;
                        items: {
                            [key: string]: {
                                success: boolean;
                                error?: components["schemas"]["Error"];
                            };
                        };
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    makeDirectory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example 2026/trip.json */
                    key: string;
                };
            };
        };
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    removeDirectory: {
        parameters: {
            query?: {
                /** @description With all that is below it; without, one that is not empty is NotEmpty. */
                recursive?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description Key, each segment percent-encoded, '/' between them as it is.
                 * @example 2026/trip.json
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    makeLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example 2026/trip.json */
                    key: string;
                    target: string;
                };
            };
        };
        responses: {
            /** @description It is there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    signUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example 2026/trip.json */
                    key: string;
                    /**
                     * @description Default GET.
                     * @enum {string}
                     */
                    method?: "GET" | "PUT";
                    expiresInSeconds: number;
                    contentType?: string;
                };
            };
        };
        responses: {
            /** @description The link, and the headers to send with the request. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        url: string;
                        headers?: {
                            [key: string]: string;
                        };
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    listUploads: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The uploads, 10,000 at most; `truncated` where there are more. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        uploads: components["schemas"]["Upload"][];
                        /** @enum {boolean} */
                        truncated?: true;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    startUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "2026/film.mp4",
                 *       "size": 1073741824,
                 *       "ifAbsent": true
                 *     }
                 */
                "application/json": {
                    /** @example 2026/trip.json */
                    key: string;
                    /** @description Of the whole object, in bytes. */
                    size?: number;
                    ifAbsent?: boolean;
                    /**
                     * @description As the ETag header and entries spell it.
                     * @example "5d41402a"
                     */
                    ifMatch?: string;
                    /** @description Names the state of what is uploaded. */
                    sourceVersion?: string;
                    attributes?: {
                        contentType?: string;
                        contentEncoding?: string;
                        contentDisposition?: string;
                        cacheControl?: string;
                        metadata?: {
                            [key: string]: string;
                        };
                        /** Format: date-time */
                        modified?: string;
                        mode?: number;
                    };
                };
            };
        };
        responses: {
            /** @description The upload. */
            201: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        upload: components["schemas"]["Upload"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /** @description Of the upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload and its parts. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        upload: components["schemas"]["Upload"];
                        parts: {
                            number: number;
                            size: number;
                        }[];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    abortUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /** @description Of the upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are gone. */
            204: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    finishUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /** @description Of the upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The object. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    diffContent: {
        parameters: {
            query: {
                /**
                 * @description A directory by its CID. Default: the empty one.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                from?: string;
                /**
                 * @description A CID, or a CID and the names below it: `CID/photos/one.jpg`.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                to: string;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The differences. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": {
                        path: string;
                        /** @enum {string} */
                        change: "added" | "removed" | "changed";
                        /** @enum {string} */
                        kind: "file" | "directory" | "link";
                        /** @description The CID that was there. */
                        from?: string;
                        /** @description The CID that is there. */
                        to?: string;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    listPins: {
        parameters: {
            query?: {
                /** @description Only pins whose name has this in it. */
                name?: string;
                /** @description Default: all but indirect ones. */
                mode?: "recursive" | "direct" | "indirect";
                /** @description `next` of the page before, with the same filter. */
                cursor?: string;
                /** @description Pins at most. Of a page 1,000 without it. */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pins. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        pins: components["schemas"]["Pin"][];
                        /** @description The cursor of the next page; absent on the last. */
                        next?: string;
                    };
                    "application/x-ndjson": components["schemas"]["Pin"];
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    addPin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description A CID, in any base that is read.
                     * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                     */
                    cid: string;
                    /**
                     * @description Default recursive: with all that is below.
                     * @enum {string}
                     */
                    mode?: "recursive" | "direct";
                    name?: string;
                    /** @description On stores that keep several. */
                    copies?: {
                        min: number;
                        max: number;
                    };
                    metadata?: {
                        [key: string]: string;
                    };
                };
            };
        };
        responses: {
            /** @description The pin. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        pin: components["schemas"]["Pin"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getPin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, in any base that is read.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                cid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pin. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        pin: components["schemas"]["Pin"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    removePin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                /**
                 * @description A CID, in any base that is read.
                 * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                 */
                cid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    publishName: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description The key of the store that signs, by its name there.
                     * @example self
                     */
                    key: string;
                    /**
                     * @description A CID, or a CID and the names below it: `CID/photos/one.jpg`.
                     * @example bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku
                     */
                    path: string;
                    /** @description How long the record is good for. */
                    lifetimeSeconds?: number;
                    /** @description How long others may go without asking again. */
                    ttlSeconds?: number;
                };
            };
        };
        responses: {
            /** @description It points there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        name: string;
                        sequence?: number;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    resolveName: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It points there. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        path: string;
                        ttlSeconds?: number;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    collectBlocks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is done. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        blocks: number;
                        /** @description Where the store tells it. */
                        bytes?: number;
                    };
                    "application/x-ndjson": {
                        cid: string;
                        bytes?: number;
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    restoreObject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the store.
                 * @example files
                 */
                store: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example 2026/trip.json */
                    key: string;
                    /** @description One of …/versions/{key}. */
                    version: string;
                    /** @description Only where there is no object now. */
                    ifAbsent?: boolean;
                    /**
                     * @description As the ETag header and entries spell it.
                     * @example "5d41402a"
                     */
                    ifMatch?: string;
                };
            };
        };
        responses: {
            /** @description The object as it is now. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        entry: components["schemas"]["Entry"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The jobs. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        jobs: components["schemas"]["Job"][];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    startJob: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "sync",
                 *       "from": {
                 *         "store": "files",
                 *         "key": "2026"
                 *       },
                 *       "to": {
                 *         "store": "backup",
                 *         "key": "2026"
                 *       },
                 *       "delete": true
                 *     }
                 */
                "application/json": {
                    /** @enum {string} */
                    kind: "copy" | "move" | "sync" | "check";
                    from: {
                        /**
                         * @description Name of the store.
                         * @example files
                         */
                        store: string;
                        /** @description An object, or a directory with all below it; "" is the whole store. */
                        key: string;
                    };
                    to: {
                        /**
                         * @description Name of the store.
                         * @example files
                         */
                        store: string;
                        /** @description An object, or a directory with all below it; "" is the whole store. */
                        key: string;
                    };
                    /** @description Which objects the job is about. The first rule that matches decides. */
                    filter?: {
                        rules?: string[];
                        exclude?: string[];
                        include?: string[];
                        minSize?: number;
                        maxSize?: number;
                        /** @description Unix ms. */
                        changedFrom?: number;
                        /** @description Unix ms. */
                        changedBefore?: number;
                    };
                    /** @description Of a sync: what is only at the target goes. */
                    delete?: boolean;
                    /** @description Only tells, as items, what it would do. */
                    dryRun?: boolean;
                    /** @description Compares hashes, never size and time alone. */
                    checksum?: boolean;
                    /** @description Copies what is the same, too. */
                    force?: boolean;
                    /** @description Leaves alone whatever is at the target. */
                    ifAbsent?: boolean;
                    /**
                     * @description Default keep.
                     * @enum {string}
                     */
                    links?: "keep" | "follow" | "skip";
                };
            };
        };
        responses: {
            /** @description The job, which waits or runs. */
            202: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        job: components["schemas"]["Job"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        job: components["schemas"]["Job"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    getJobEvents: {
        parameters: {
            query?: never;
            header?: {
                "last-event-id"?: string;
            };
            path: {
                /** @description Of the job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events. */
            200: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The job has ended, and all of its events have been told. */
            204: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It ends soon, or has ended. */
            202: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        /** Format: date-time */
                        timestamp: string;
                        correlation_id: string;
                        job: components["schemas"]["Job"];
                    };
                };
            };
            /** @description It failed; the code says how. */
            default: {
                headers: {
                    /** @description The id of the request, its own or made up. */
                    "X-Request-Id"?: string;
                    /** @description The code of the failure, as in Error. */
                    "X-Kit-Error"?: string;
                    /** @description Seconds, where it is known when to ask again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
        };
    };
}
