/// What an operator says of the S3 service that keeps a server's files; nil for what the data folder remembers.
package struct S3Options: Sendable, Hashable {
    /// `s3://BUCKET/PREFIX`
    package var address: String?
    /// The service's URL; `{bucket}` in it is replaced, without it the bucket begins the path.
    package var endpoint: String?
    /// The region that requests are signed for.
    package var region: String?
    /// A file of credentials; nil for the environment's.
    package var credentials: String?
    /// A file of PEM certificates to trust instead of the system's.
    package var certificates: String?
    /// Whether this folder takes the place of another one that wrote to the same prefix.
    package var takesOver = false

    /// Nothing said.
    package init() {}

    /// Whether anything was said.
    package var isEmpty: Bool { self == S3Options() }
}
