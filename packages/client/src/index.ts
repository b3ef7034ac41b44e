/** The API number that this client speaks: the `api` of `GET /api/v1`. */
export const apiNumber = 1
