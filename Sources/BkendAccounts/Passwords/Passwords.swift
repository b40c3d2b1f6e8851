/// Makes and checks hashes of passwords.
struct Passwords: Sendable {
    /// What a check found.
    enum Verdict: Equatable, Sendable {
        case wrong
        case right
        /// Right, but stored with less work than new hashes get: hash it again while it is known.
        case rightAndOutdated
    }

    private let hasher: any PasswordHasher
    private let parameters: ScryptParameters
    private let random: RandomBytes
    /// What stands in for a hash that isn't there. Nobody knows a password of it.
    private let decoy: PasswordHash

    init(hasher: any PasswordHasher, parameters: ScryptParameters, random: RandomBytes) {
        self.hasher = hasher
        self.parameters = parameters
        self.random = random
        decoy = PasswordHash(
            parameters: parameters, salt: random(PasswordHash.saltLength), hash: random(PasswordHash.hashLength))
    }

    /// A new password's hash, with a salt of its own.
    func hash(_ password: Password) async throws -> PasswordHash {
        var result = PasswordHash(parameters: parameters, salt: random(PasswordHash.saltLength), hash: [])
        result.hash = try await compute(password, like: result, length: PasswordHash.hashLength)
        return result
    }

    /// Checks a password. Without a hash, for an unknown address, it computes as long and finds it wrong.
    func check(_ password: Password, against stored: PasswordHash?) async throws -> Verdict {
        let expected = stored ?? decoy
        let computed = try await compute(password, like: expected, length: expected.hash.count)
        guard ConstantTime.areEqual(computed, expected.hash), stored != nil else { return .wrong }
        return expected.parameters.cost < parameters.cost ? .rightAndOutdated : .right
    }

    /// An empty password is as much work as another. No password holds the byte that stands for it.
    private func compute(_ password: Password, like hash: PasswordHash, length: Int) async throws -> [UInt8] {
        let bytes = password.bytes.isEmpty ? [0] : password.bytes
        return try await hasher.scrypt(bytes, salt: hash.salt, parameters: hash.parameters, length: length)
    }
}
