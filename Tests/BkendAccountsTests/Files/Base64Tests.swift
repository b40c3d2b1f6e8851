import Foundation
import Testing

@testable import BkendAccounts

@Suite("Base64 and UUIDs")
struct Base64Tests {
    @Test("Both alphabets agree with Foundation, for every length and byte")
    func agreement() {
        for length in 0..<66 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + length * 11) }
            let expected = Data(bytes).base64EncodedString().replacing("=", with: "")
            #expect(Base64.standard.encode(bytes) == expected)
            #expect(Base64.standard.decode(expected.utf8) == bytes)
            let url = expected.replacing("+", with: "-").replacing("/", with: "_")
            #expect(Base64.url.encode(bytes) == url)
            #expect(Base64.url.decode(url.utf8) == bytes)
        }
    }

    @Test(
        "A text that no bytes have is refused", arguments: ["A", "AAAAA", "AB", "AAB", "AA==", "AA=", "A A", "+A", "é"])
    func refused(text: String) { #expect(Base64.url.decode(text.utf8) == nil) }

    @Test("A UUID goes there and back, and other texts are refused")
    func uuids() throws {
        for _ in 0..<100 {
            let text = RandomBytes.system.uuid()
            #expect(UUID(uuidString: text)?.uuidString.lowercased() == text)
            #expect(UUIDText.text(try #require(UUIDText.bytes(text))) == text)
        }
        for text in [
            "", "00000000-0000-4000-8000-00000000000", "00000000-0000-4000-8000-00000000000G",
            "0000000000000-4000-8000-000000000000",
        ] {
            #expect(UUIDText.bytes(text) == nil)
        }
    }
}
