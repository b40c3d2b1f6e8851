import HTTPTypes

/// What a server offers beyond the base API, as its successful answers tell in `X-Bkend-Extensions`. A client that
/// doesn't know the header sees no difference; a server without extensions doesn't send it.
struct Extensions: Hashable, Sendable {
    /// The header that names them.
    static let field = HTTPField.Name("X-Bkend-Extensions")!  // a constant that is a valid name

    /// The header of a write: where its last change stands among all of the environment (docs/extensions.md, "Positions").
    static let position = HTTPField.Name("X-Bkend-Position")!  // a constant that is a valid name

    /// Tells a proxy whether it may collect an answer before it hands it on.
    static let buffering = HTTPField.Name("X-Accel-Buffering")!  // a constant that is a valid name

    /// What the first header says; nil where there is nothing to tell.
    let text: String?

    /// Nothing beyond the base API.
    static let none = Extensions(text: nil)
}

extension ServerConfiguration {
    /// What the answers tell.
    var extensions: Extensions {
        var names: [String] = []
        if announcesRefreshGrace, refreshGraceSeconds > 0 { names.append("refresh-grace=\(refreshGraceSeconds)") }
        if offersChanges { names.append("changes") }
        if offersStreams { names.append("stream") }
        return Extensions(text: names.isEmpty ? nil : names.joined(separator: ", "))
    }
}
