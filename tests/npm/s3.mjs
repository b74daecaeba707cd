// Today's S3 client against a live server: usage: node s3.mjs BUCKET
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { randomBytes, createHash } from 'node:crypto'
import * as S3 from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'

const Bucket = process.argv[2]
const c = new S3.S3Client({ maxAttempts: 2 })
const call = (op, input = {}) => c.send(new S3[op + 'Command']({ Bucket, ...input }))
const text = async (r) => r.Body.transformToString()
const fails = async (name, promise) => {
    const e = await promise.then(() => assert.fail(name + ' expected'), (e) => e)
    assert.equal(e.name, name, String(e))
    if (S3[name]) assert.ok(e instanceof S3[name])
    return e
}

// Buffers carry their checksum in a header, streams in a trailer behind aws-chunked pieces.
await call('PutObject', { Key: 'n/1 ü', Body: 'text', ContentType: 'text/n', Metadata: { a: 'b' } })
let r = await call('GetObject', { Key: 'n/1 ü', ChecksumMode: 'ENABLED' })
assert.ok(r.ChecksumCRC32 && r.Metadata.a === 'b')
assert.equal(await text(r), 'text')
const big = randomBytes(300000)
for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME']) {
    await call('PutObject', { Key: 'n/stream', Body: Readable.from([big.subarray(0, 70000), big.subarray(70000)]), ContentLength: big.length, ChecksumAlgorithm })
        .catch((e) => { throw new Error(ChecksumAlgorithm + ': ' + e) })
    r = await call('GetObject', { Key: 'n/stream' })
    assert.deepEqual(Buffer.from(await r.Body.transformToByteArray()), big)
    assert.ok(r['Checksum' + ChecksumAlgorithm] ?? true)
}
await fails('BadDigest', call('PutObject', { Key: 'n/bad', Body: 'x', ChecksumSHA256: createHash('sha256').update('y').digest('base64') }))

// lib-storage: parts of a stream of unknown length
const all = randomBytes(12 << 20)
const up = new Upload({ client: c, params: { Bucket, Key: 'n/parts', Body: Readable.from((function* () { for (let i = 0; i < all.length; i += 1 << 20) yield all.subarray(i, i + (1 << 20)) })()) }, partSize: 5 << 20, queueSize: 3 })
await up.done()
r = await call('HeadObject', { Key: 'n/parts' })
assert.match(r.ETag, /-3"$/)
assert.deepEqual(Buffer.from(await (await call('GetObject', { Key: 'n/parts', Range: 'bytes=5242870-5242889' })).Body.transformToByteArray()), all.subarray(5242870, 5242890))

const keys = []
for await (const p of S3.paginateListObjectsV2({ client: c, pageSize: 1 }, { Bucket, Prefix: 'n/' })) keys.push(...p.Contents.map((o) => o.Key))
assert.deepEqual(keys, ['n/1 ü', 'n/parts', 'n/stream'])
assert.deepEqual((await call('ListObjectsV2', { Delimiter: '/', Prefix: 'n' })).CommonPrefixes, [{ Prefix: 'n/' }])
await call('CopyObject', { Key: 'n/copy', CopySource: encodeURIComponent(`${Bucket}/n/1 ü`) })
assert.equal(await text(await call('GetObject', { Key: 'n/copy' })), 'text')
assert.equal((await call('DeleteObjects', { Delete: { Objects: [{ Key: 'n/copy' }, { Key: 'none' }] } })).Deleted.length, 2)
await fails('NoSuchKey', call('GetObject', { Key: 'none' }))
await fails('NotFound', call('HeadObject', { Key: 'none' }))
await fails('NoSuchBucket', call('ListObjectsV2', { Bucket: 'not-there-at-all' }))
await S3.waitUntilBucketExists({ client: c, maxWaitTime: 30 }, { Bucket })
await fails('PreconditionFailed', call('PutObject', { Key: 'n/parts', Body: '', IfNoneMatch: '*' }))

// configuration
await call('PutBucketLifecycleConfiguration', { LifecycleConfiguration: { Rules: [{ ID: 'r', Status: 'Enabled', Filter: { And: { Prefix: 'x', Tags: [{ Key: 'k', Value: 'v' }] } }, Expiration: { Days: 3 } }] } })
assert.deepEqual((await call('GetBucketLifecycleConfiguration')).Rules, [{ ID: 'r', Status: 'Enabled', Filter: { And: { Prefix: 'x', Tags: [{ Key: 'k', Value: 'v' }] } }, Expiration: { Days: 3 } }])
await call('PutBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } })
assert.ok((await call('PutObject', { Key: 'n/v', Body: '1' })).VersionId)
assert.equal((await call('GetBucketEncryption')).ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm, 'AES256')
await fails('NoSuchBucketPolicy', call('GetBucketPolicy'))

// presigned
const url = await getSignedUrl(c, new S3.GetObjectCommand({ Bucket, Key: 'n/1 ü', ResponseContentType: 'a/b' }), { expiresIn: 60 })
let a = await fetch(url)
assert.equal(await a.text(), 'text')
assert.equal(a.headers.get('content-type'), 'a/b')
a = await fetch(await getSignedUrl(c, new S3.PutObjectCommand({ Bucket, Key: 'n/put', ContentType: 'p/q' })), { method: 'PUT', body: 'put', headers: { 'content-type': 'p/q' } })
assert.equal(a.status, 200, await a.text())
const post = await createPresignedPost(c, { Bucket, Key: 'n/form/${filename}', Conditions: [['content-length-range', 0, 100]], Expires: 60 })
const form = new FormData()
for (const [k, v] of Object.entries(post.fields)) form.append(k, v)
form.append('file', new Blob(['from a form']), 'f.txt')
a = await fetch(post.url, { method: 'POST', body: form })
assert.equal(a.status, 204, await a.text())
assert.equal(await text(await call('GetObject', { Key: 'n/form/f.txt' })), 'from a form')
console.log('s3 ok')
