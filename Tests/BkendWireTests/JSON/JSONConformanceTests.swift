import BkendWire
import Foundation
import Testing

/// The cases of JSONTestSuite, run where its folder is present; nothing of it is copied here.
@Suite struct JSONConformanceTests {
    /// The folder, named by BKEND_TEST_DATA or found beside the checkout as `shared/data`.
    static let folder: URL? = {
        let manager = FileManager.default
        var candidates: [URL] = []
        if let path = ProcessInfo.processInfo.environment["BKEND_TEST_DATA"] {
            candidates = [URL(filePath: path), URL(filePath: path).appending(path: "json-parsing")]
        }
        var place = URL(filePath: #filePath).resolvingSymlinksInPath()
        while place.pathComponents.count > 1 {
            place.deleteLastPathComponent()
            candidates.append(place.appending(path: "shared/data/json-parsing"))
        }
        return candidates.first {
            manager.fileExists(atPath: $0.appending(path: "y_array_empty.json").path(percentEncoded: false))
        }
    }()

    /// What this project decides where RFC 8259 leaves it open, and why.
    static let decisions: [String: JSONError.Reason?] = [
        // A double can't hold these; storing infinity would lose the value.
        "i_number_huge_exp.json": .numberTooLarge,
        "i_number_neg_int_huge_exp.json": .numberTooLarge,
        "i_number_pos_double_huge_exp.json": .numberTooLarge,
        "i_number_real_neg_overflow.json": .numberTooLarge,
        "i_number_real_pos_overflow.json": .numberTooLarge,
        // The nearest double is 0, as for JavaScript and MongoDB: rounding, like that of every decimal fraction.
        "i_number_double_huge_neg_exp.json": nil,
        "i_number_real_underflow.json": nil,
        // Integers past 64 bits whose digits a double would change.
        "i_number_too_big_neg_int.json": .integerLosesDigits,
        "i_number_very_big_negative_int.json": .integerLosesDigits,
        // 10^20 is past 64 bits too, but a double holds exactly that.
        "i_number_too_big_pos_int.json": nil,
        // Half a surrogate pair is no Unicode scalar value: neither Swift nor SQLite nor BSON can keep it.
        "i_object_key_lone_2nd_surrogate.json": .loneSurrogate,
        "i_string_1st_surrogate_but_2nd_missing.json": .loneSurrogate,
        "i_string_1st_valid_surrogate_2nd_invalid.json": .loneSurrogate,
        "i_string_incomplete_surrogate_and_escape_valid.json": .loneSurrogate,
        "i_string_incomplete_surrogate_pair.json": .loneSurrogate,
        "i_string_incomplete_surrogates_escape_valid.json": .loneSurrogate,
        "i_string_invalid_lonely_surrogate.json": .loneSurrogate,
        "i_string_invalid_surrogate.json": .loneSurrogate,
        "i_string_inverted_surrogates_U+1D11E.json": .loneSurrogate,
        "i_string_lone_second_surrogate.json": .loneSurrogate,
        // RFC 8259 §8.1 asks for UTF-8; replacing bytes would change what was sent.
        "i_string_UTF-8_invalid_sequence.json": .invalidUTF8,
        "i_string_UTF8_surrogate_U+D800.json": .invalidUTF8,
        "i_string_invalid_utf-8.json": .invalidUTF8,
        "i_string_iso_latin_1.json": .invalidUTF8,
        "i_string_lone_utf8_continuation_byte.json": .invalidUTF8,
        "i_string_not_in_unicode_range.json": .invalidUTF8,
        "i_string_overlong_sequence_2_bytes.json": .invalidUTF8,
        "i_string_overlong_sequence_6_bytes.json": .invalidUTF8,
        "i_string_overlong_sequence_6_bytes_null.json": .invalidUTF8,
        "i_string_truncated-utf-8.json": .invalidUTF8,
        "i_string_UTF-16LE_with_BOM.json": .invalidUTF8,
        "i_string_utf16BE_no_BOM.json": .unexpectedByte(0),
        "i_string_utf16LE_no_BOM.json": .unexpectedByte(0),
        // A byte order mark must not be sent (RFC 8259 §8.1); SQLite's JSON functions wouldn't take it either.
        "i_structure_UTF-8_BOM_empty_object.json": .invalidUTF8,
        // Within the limit of 512 levels.
        "i_structure_500_nested_arrays.json": nil,
    ]

    /// Grammatical, but RFC 8259 §4 calls what receivers make of them unpredictable: they are refused
    /// (architecture.md, "Decisions").
    static let duplicates: Set = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]

    static func cases(_ prefix: String) throws -> [(name: String, bytes: [UInt8])] {
        guard let folder else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        return try names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }.sorted().map {
            ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
        }
    }

    static func outcome(_ bytes: [UInt8]) -> Result<JSON, JSONError> {
        do throws(JSONError) { return .success(try JSON(parsing: bytes)) } catch { return .failure(error) }
    }

    static func check(_ bytes: [UInt8]) -> JSONError? {
        do throws(JSONError) { try JSON.check(bytes) } catch { return error }
        return nil
    }

    @Test(
        "every valid case is read, and survives a round trip",
        .enabled(if: folder != nil, "json-parsing is neither beside the checkout nor named by BKEND_TEST_DATA"))
    func everyValidCase() throws {
        let cases = try Self.cases("y_")
        #expect(cases.count > 90)
        for (name, bytes) in cases {
            if Self.duplicates.contains(name) {
                #expect(Self.check(bytes)?.reason == .duplicateKey("a"), "\(name)")
                #expect(Self.outcome(bytes) == Self.check(bytes).map { .failure($0) }, "\(name)")
                continue
            }
            #expect(Self.check(bytes) == nil, "\(name)")
            let value = try #require(try? Self.outcome(bytes).get(), "\(name)")
            let again = try JSON(parsing: value.serialized())
            #expect(again.isIdentical(to: value.canonical), "\(name)")
        }
    }

    @Test(
        "every invalid case is refused, at the same byte by parser and check",
        .enabled(if: folder != nil, "json-parsing is neither beside the checkout nor named by BKEND_TEST_DATA"))
    func everyInvalidCase() throws {
        let cases = try Self.cases("n_")
        #expect(cases.count > 180)
        for (name, bytes) in cases {
            let refusal = try #require(Self.check(bytes), "\(name) was taken")
            #expect(Self.outcome(bytes) == .failure(refusal), "\(name)")
            #expect((0...bytes.count).contains(refusal.offset), "\(name)")
        }
    }

    @Test(
        "every open case is decided",
        .enabled(if: folder != nil, "json-parsing is neither beside the checkout nor named by BKEND_TEST_DATA"))
    func everyOpenCase() throws {
        let cases = try Self.cases("i_")
        #expect(Set(cases.map(\.name)) == Set(Self.decisions.keys))
        for (name, bytes) in cases {
            guard let decision = Self.decisions[name] else {
                Issue.record("\(name) is not decided")
                continue
            }
            #expect(Self.check(bytes)?.reason == decision, "\(name)")
            switch Self.outcome(bytes) {
            case .success: #expect(decision == nil, "\(name)")
            case .failure(let error): #expect(error.reason == decision, "\(name)")
            }
        }
    }

    @Test(
        "parser and check agree on damaged cases",
        .enabled(if: folder != nil, "json-parsing is neither beside the checkout nor named by BKEND_TEST_DATA"))
    func parserCheckAgree() throws {
        var random = SeededGenerator(seed: 7)
        for (name, original) in try Self.cases("") where original.count < 4_096 {
            for _ in 0..<40 {
                let bytes = Self.damaged(original, using: &random)
                let refusal = Self.check(bytes)
                switch Self.outcome(bytes) {
                case .success: #expect(refusal == nil, "\(name) \(bytes)")
                case .failure(let error): #expect(refusal == error, "\(name) \(bytes)")
                }
            }
        }
    }

    /// One to three bytes flipped, cut, doubled or replaced by one that JSON's grammar cares for.
    static func damaged(_ original: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(bytes[place], at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes[place] = Array(#"{}[]:,"\u0e-.+DdCc"#.utf8).randomElement(using: &random) ?? 0
            }
        }
        return bytes
    }
}
