import BkendAccounts
import BkendWire
import Crypto
import Foundation

/// The addresses of bytes: `BASE/storage/KEY`, for everybody where the file is public, and with a signed query for whoever
/// was given it.
///
/// The signature covers the method, the path as it is sent, and every parameter. So an address is good for one key, one
/// method and a time, and nothing of it can be changed. Its parameters hold only letters that need no escape: an address
/// with `%`, with a parameter that isn't known, or with one twice is refused.
enum FileAddress {
    /// The path before a key.
    static let root = "/storage/"

    /// What an address is good for.
    enum Purpose: String, Sendable {
        case put = "PUT"
        case get = "GET"
    }

    /// What an address says.
    struct Claims: Hashable, Sendable {
        var purpose: Purpose
        /// When it ends, in seconds since 1970.
        var expiresAt: Int64
        /// The user it was made for; nil for a secret key.
        var userID: String?
        /// The start of the digest of the API key that it was asked for by.
        var keyMark: String
        /// The most bytes that may be put.
        var limit: Int?
        /// The type that was named for the bytes; the PUT's own isn't compared.
        var type: String?
        /// What part of a file that comes in parts.
        var part: Part?
    }

    /// A part of a file that comes in parts.
    struct Part: Hashable, Sendable {
        var uploadID: String
        var number: Int
    }

    /// Where a file's bytes are, without a signature.
    static func url(ofKey key: String, base: String) -> String { base + root + key }

    /// A signed address.
    static func url(ofKey key: String, base: String, _ claims: Claims, signedBy signer: AddressKey) -> String {
        var parameters = [
            ("v", "1"), ("kid", signer.id), ("exp", String(claims.expiresAt)), ("app", claims.keyMark),
            ("usr", encode(claims.userID ?? "")),
        ]
        if let limit = claims.limit { parameters.append(("max", String(limit))) }
        if let type = claims.type { parameters.append(("typ", encode(type))) }
        if let part = claims.part { parameters += [("upl", part.uploadID), ("prt", String(part.number))] }
        let signature = signer.sign(message(claims.purpose, key, parameters))
        let query = (parameters + [("sig", signature)]).map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        return "\(url(ofKey: key, base: base))?\(query)"
    }

    /// What a signed address says; nil when it wasn't signed by one of these keys, or was changed since.
    static func claims(
        of query: Substring, key: String, purpose: Purpose, signedBy keys: [AddressKey]
    ) -> Claims? {
        var parameters: [(String, String)] = []
        for part in query.split(separator: "&", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", omittingEmptySubsequences: false)
            guard halves.count == 2, halves[1].utf8.allSatisfy(FileName.isPlain),
                !parameters.contains(where: { $0.0 == halves[0] })
            else { return nil }
            parameters.append((String(halves[0]), String(halves[1])))
        }
        func value(_ name: String) -> String? { parameters.first { $0.0 == name }?.1 }
        let known: Set<String> = ["v", "kid", "exp", "app", "usr", "max", "typ", "upl", "prt", "sig"]
        guard parameters.allSatisfy({ known.contains($0.0) }), value("v") == "1", let id = value("kid"),
            let signature = value("sig"), let signer = keys.first(where: { $0.id == id }),
            parameters.last?.0 == "sig",
            signer.hasSigned(message(purpose, key, parameters.dropLast()), signature),
            let expiresAt = value("exp").flatMap({ Int64($0) }), let mark = value("app"),
            let user = value("usr").flatMap(decode)
        else { return nil }
        var part: Part?
        if let uploadID = value("upl") {
            guard let number = value("prt").flatMap({ Int($0) }) else { return nil }
            part = Part(uploadID: uploadID, number: number)
        }
        return Claims(
            purpose: purpose, expiresAt: expiresAt, userID: user.isEmpty ? nil : user, keyMark: mark,
            limit: value("max").flatMap { Int($0) }, type: value("typ").flatMap(decode), part: part)
    }

    /// The API key that an address names, before its signature was looked at; nil where it names none.
    static func keyMark(in query: Substring) -> String? {
        query.split(separator: "&").first { $0.hasPrefix("app=") }.map { String($0.dropFirst(4)) }
    }

    private static func message(_ purpose: Purpose, _ key: String, _ parameters: some Collection<(String, String)>)
        -> String
    {
        "bkend-address\n\(purpose.rawValue)\n\(root)\(key)\n"
            + parameters.map { "\($0.0)=\($0.1)" }.joined(separator: "\n")
    }

    private static func encode(_ text: String) -> String { Base64.url.encode(text.utf8) }

    private static func decode(_ text: String) -> String? {
        Base64.url.decode(text.utf8).flatMap { String(validating: $0, as: UTF8.self) }
    }
}

/// A key that signs addresses, or did and still verifies them.
struct AddressKey: Sendable {
    let id: String
    private let secret: SymmetricKey

    init(id: String, secret: [UInt8]) {
        self.id = id
        self.secret = SymmetricKey(data: secret)
    }

    func sign(_ message: String) -> String {
        Base64.url.encode(HMAC<SHA256>.authenticationCode(for: Array(message.utf8), using: secret))
    }

    /// Whether a signature is of a message. The time says nothing about where another one differs.
    func hasSigned(_ message: String, _ signature: String) -> Bool {
        ConstantTime.areEqual(sign(message).utf8, signature.utf8)
    }
}
