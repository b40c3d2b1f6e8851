import BkendAccounts
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// The pure parts of files.
@Suite struct FileValueTests {
    @Test("A key reads as what it was made of, and nothing else reads as a key")
    func keys() throws {
        let key = FileKey(category: "images", name: "-..Ä b.png", tag: "01234567")
        #expect(FileKey(key.text) == key && key.tag == "01234567")
        #expect(key.text.hasSuffix("/b.png"))
        let digits = String(repeating: "a", count: 32)
        for text in [
            "", "/a", "images/\(digits)/", "images/\(digits)/..", "images//a", "images/\(digits)/a%20b",
            "../\(digits)/a",
            "images/\(digits)/" + String(repeating: "a", count: 1_024), String(repeating: "a/", count: 16) + "a",
        ] {
            #expect(FileKey(text) == nil, "\(text)")
        }
        // Imported files may have such keys; they are of no environment's making.
        for text in [
            "a/b", "images/\(digits)", "images/\(digits)/a/b", "images/\(digits.uppercased())/a",
            "images/\(digits)0/a", "a",
        ] {
            #expect(FileKey(text)?.tag == "", "\(text)")
        }
    }

    @Test("Each environment has a tag of its own, the same at every start")
    func tags() throws {
        let dev = try EnvironmentName(project: "shop", environment: "dev")
        let prod = try EnvironmentName(project: "shop", environment: "prod")
        #expect(FileKey.tag(of: dev) == FileKey.tag(of: dev) && FileKey.tag(of: dev) != FileKey.tag(of: prod))
        #expect(FileKey.tag(of: dev).count == 8)
    }

    @Test(
        "The name in a key keeps its extension",
        arguments: [
            ("a.png", "a.png"), ("ä.png", "file.png"), (".env", "file.env"), ("--force", "force"), ("💥", "file"),
            (String(repeating: "x", count: 200) + ".png", String(repeating: "x", count: 96) + ".png"),
            ("a b.tar.gz", "a-b.tar.gz"), ("a.", "a."), ("a." + String(repeating: "b", count: 20), nil),
        ] as [(String, String?)])
    func keyNames(name: String, part: String?) {
        #expect(FileName.keyPart(name) == part ?? name)
    }

    @Test("An address says what it was made with, for its own purpose and key alone")
    func addresses() throws {
        let signer = AddressKey(id: "k-1", secret: Array(repeating: 7, count: 32))
        let other = AddressKey(id: "k-1", secret: Array(repeating: 8, count: 32))
        let key = FileKey(category: "images", name: "a.png", tag: "01234567").text
        let claims = FileAddress.Claims(
            purpose: .put, expiresAt: 1_700_000_000, userID: "ada", keyMark: "00ff", limit: 10, type: "image/png; a=é")
        let url = FileAddress.url(ofKey: key, base: "https://x", claims, signedBy: signer)
        // A text of its own: places in a part of another text aren't places in a copy.
        let text = String(url.drop { $0 != "?" }.dropFirst())
        let query = text[...]
        #expect(!url.contains("%"))
        #expect(FileAddress.claims(of: query, key: key, purpose: .put, signedBy: [signer]) == claims)
        #expect(FileAddress.claims(of: query, key: key, purpose: .get, signedBy: [signer]) == nil)
        #expect(FileAddress.claims(of: query, key: key + "x", purpose: .put, signedBy: [signer]) == nil)
        #expect(FileAddress.claims(of: query, key: key, purpose: .put, signedBy: [other]) == nil)
        #expect(FileAddress.claims(of: query, key: key, purpose: .put, signedBy: []) == nil)
        // Every letter counts.
        for index in query.indices {
            var spoilt = text
            spoilt.replaceSubrange(index...index, with: query[index] == "a" ? "b" : "a")
            #expect(
                FileAddress.claims(of: spoilt[...], key: key, purpose: .put, signedBy: [signer]) == nil, "\(spoilt)")
        }
        let parts = query.split(separator: "&")
        for index in parts.indices {
            let twice = (parts + [parts[index]]).joined(separator: "&")
            #expect(FileAddress.claims(of: twice[...], key: key, purpose: .put, signedBy: [signer]) == nil)
            let moved = ([parts[index]] + parts[..<index] + parts[(index + 1)...]).joined(separator: "&")
            if index > 0 {
                #expect(FileAddress.claims(of: moved[...], key: key, purpose: .put, signedBy: [signer]) == nil)
            }
        }
    }

    @Test("Types are read strictly, and only what can't run is shown")
    func types() throws {
        #expect(try FileType.checked("Image/PNG", field: "f") == "image/png")
        #expect(try FileType.checked("text/plain;charset=UTF-8", field: "f") == "text/plain;charset=UTF-8")
        for text in ["", "image", "image/", "/png", "image/png/x", "im age/p\u{0}", "text/plain; a=\r\nX: y"] {
            #expect(throws: ErrorBody.self, "\(text)") { try FileType.checked(text, field: "f") }
        }
        for type in ["image/png", "audio/mpeg", "video/mp4", "text/plain; charset=x"] {
            #expect(FileType.isShown(type), "\(type)")
        }
        for type in ["image/svg+xml", "text/html", "application/xml", "text/javascript", "multipart/mixed"] {
            #expect(!FileType.isShown(type), "\(type)")
        }
    }

    @Test("Dates of HTTP are written and read")
    func dates() throws {
        let moment = try #require(Timestamp("1994-11-06T08:49:37.123Z"))
        #expect(InternetDate.text(moment, zone: "GMT") == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(InternetDate.moment("Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp("1994-11-06T08:49:37Z"))
        #expect(InternetDate.text(Timestamp(clamping: -1), zone: "GMT") == "Wed, 31 Dec 1969 23:59:59 GMT")
        #expect(InternetDate.moment("1994-11-06") == nil)
    }

    @Test("Who may read a file: every visibility, every caller")
    func access() throws {
        let callers: [(Caller, String)] = [
            (.guest, "guest"), (Caller(userID: "ada"), "owner"), (Caller(userID: "eve"), "other"),
            (Caller(userID: "boss", role: "admin"), "admin"), (.secretKey, "secret key"),
        ]
        let readers: [FileVisibility: (plain: [String], shared: [String])] = [
            .private: (["owner", "admin", "secret key"], ["owner", "admin", "secret key"]),
            .protected: (["owner", "other", "admin", "secret key"], ["owner", "other", "admin", "secret key"]),
            .shared: (["owner", "admin", "secret key"], ["owner", "other", "admin", "secret key"]),
            .public: (callers.map(\.1), callers.map(\.1)),
        ]
        for visibility in FileVisibility.allCases {
            let file = Self.file(owner: "ada", visibility)
            for (caller, name) in callers {
                let expected = try #require(readers[visibility])
                #expect(FileAccess.mayRead(file, caller, isSharedWith: false) == expected.plain.contains(name))
                let isShared = name == "other"
                #expect(FileAccess.mayRead(file, caller, isSharedWith: isShared) == expected.shared.contains(name))
                #expect(FileAccess.mayChange(file, caller) == ["owner", "admin", "secret key"].contains(name))
            }
        }
        // Nobody's files are not those of users without a name.
        let nobodys = Self.file(owner: "", .private)
        #expect(!FileAccess.mayRead(nobodys, Caller(userID: ""), isSharedWith: false))
    }

    private static func file(owner: String, _ visibility: FileVisibility) -> StoredFile {
        let moment = Timestamp(clamping: 0)
        let upload = FileUpload(
            key: "k", fileID: "f", userID: owner, visibility: visibility, type: "image/png", name: "a",
            category: "images", announced: nil, expiresAt: moment)
        let content = FileContent(name: "c", bytes: 1, sha256: nil, storedAt: moment)
        return StoredFile(upload, content, FileRegistration(), at: moment)
    }
}
