import BkendAccounts
import BkendWire
import Foundation
import Testing

@Suite("Signing keys")
struct SigningKeyTests {
    @Test("The file is made on first start, for its owner alone, and used again on the next")
    func firstStart() async throws {
        let fixture = try AccountsFixture()
        #expect(try fixture.folder.mode(of: SigningKeyFile.defaultName) == 0o600)
        let before = try text(fixture)
        let token = try await fixture.signUp().access
        _ = try SigningKeyFile(in: fixture.folder.path, now: fixture.clock.now)
        #expect(try text(fixture) == before)
        _ = try await fixture.reopened().authenticate(token)
    }

    @Test("Of many first starts at once all use one key, and no draft stays")
    func firstStartInParallel() async throws {
        let folder = try TemporaryFolder()
        let clock = TestClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = try SigningKeyFile(in: folder.path, now: clock.now) }
            }
            try await group.waitForAll()
        }
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(SigningKeyFile.defaultName)"))
        #expect(try JSON(parsing: file)["keys"]?.arrayValue?.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [SigningKeyFile.defaultName])
    }

    @Test("After a rotation the new key signs, and the old one verifies until its last token has expired")
    func rotation() async throws {
        let fixture = try AccountsFixture()
        let old = try await fixture.signUp()
        try fixture.keyFile.rotate(now: fixture.clock.now, overlap: 3_600)
        #expect(try fixture.folder.mode(of: SigningKeyFile.defaultName) == 0o600)
        let new = try await fixture.signIn()
        #expect(try keyID(old.access) != keyID(new.access))
        _ = try await fixture.accounts.authenticate(old.access)
        _ = try await fixture.accounts.authenticate(new.access)
        fixture.clock.advance(seconds: 3_599)
        _ = try await fixture.accounts.authenticate(old.access)
        fixture.clock.advance(seconds: 1)
        #expect(await code { try await fixture.accounts.authenticate(old.access) } == "auth/token-expired")
        fixture.clock.advance(seconds: 60)
        #expect(await code { try await fixture.accounts.authenticate(old.access) } == "auth/invalid-token")
        try fixture.keyFile.rotate(now: fixture.clock.now, overlap: 3_600)
        #expect(try keys(fixture).count == 2)
    }

    @Test("A rotation without overlap refuses at once what was verified before; a refresh mends it")
    func leakedKey() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        _ = try await fixture.accounts.authenticate(pair.access)
        try fixture.keyFile.rotate(now: fixture.clock.now, overlap: 0)
        #expect(try keys(fixture).count == 1)
        #expect(await code { try await fixture.accounts.authenticate(pair.access) } == "auth/invalid-token")
        _ = try await fixture.accounts.authenticate(fixture.refresh(pair.refresh).access)
    }

    @Test("Rotations at once lose no key")
    func rotationsInParallel() async throws {
        let fixture = try AccountsFixture()
        let now = fixture.clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try fixture.keyFile.rotate(now: now, overlap: 60) } }
            try await group.waitForAll()
        }
        #expect(try keys(fixture).count == 9)
    }

    @Test("A file that others may read, a link, and a damaged file are refused, with the path and what to do")
    func unsafeFiles() throws {
        let folder = try TemporaryFolder()
        let clock = TestClock()
        let path = "\(folder.path)/\(SigningKeyFile.defaultName)"
        _ = try SigningKeyFile(in: folder.path, now: clock.now)
        chmod(path, 0o640)
        #expect(throws: AccountsFailure.self) { try SigningKeyFile(in: folder.path, now: clock.now) }
        chmod(path, 0o600)
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        for bytes in [Data(), Data("{}".utf8), Data(#"{"keys":[]}"#.utf8), good.prefix(good.count / 2)] {
            try bytes.write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            let error = #expect(throws: AccountsFailure.self) {
                try SigningKeyFile(in: folder.path, now: clock.now)
            }
            #expect(error?.description.contains(path) == true)
        }
        unlink(path)
        try good.write(to: URL(fileURLWithPath: folder.path + "/elsewhere"))
        chmod(folder.path + "/elsewhere", 0o600)
        symlink(folder.path + "/elsewhere", path)
        #expect(throws: AccountsFailure.self) { try SigningKeyFile(in: folder.path, now: clock.now) }
    }

    private func text(_ fixture: AccountsFixture) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder.path)/\(SigningKeyFile.defaultName)"))
    }

    private func keys(_ fixture: AccountsFixture) throws -> [JSON] {
        try #require(JSON(parsing: text(fixture))["keys"]?.arrayValue)
    }

    private func keyID(_ token: String) throws -> String {
        let header = try JSON(parsing: AccessTokenTests.bytes(try #require(token.split(separator: ".").first)))
        return try #require(header["kid"]?.stringValue)
    }
}
