import BkendWire
import Testing

@testable import BkendServer

@Suite struct ImageAddressTests {
    private static let key = "images/0123456789abcdef0123456789abcdef/cat.png"

    @Test(
        "The options of a picture's address, as clients write them",
        arguments: [
            ("", 0, 0, false, nil, nil, 0), ("fit-in/400x300/", 400, 300, false, nil, nil, 0),
            ("fit-in/400x0/", 400, 0, false, nil, nil, 0), ("200x100/smart/", 200, 100, true, nil, nil, 0),
            ("200x100/", 200, 100, true, nil, nil, 0), ("200x0/smart/", 200, 0, false, nil, nil, 0),
            ("filters:format(webp)/", 0, 0, false, nil, "webp", 0),
            ("fit-in/0x30/filters:quality(80):format(jpg):blur(5)/", 0, 30, false, 80, "jpeg", 5),
        ] as [(String, Int, Int, Bool, Int?, String?, Int)])
    func options(text: String, width: Int, height: Int, isCut: Bool, quality: Int?, format: String?, blur: Int) throws {
        let address = try #require(try ImageAddress(text + Self.key))
        #expect(address.key.text == Self.key)
        let expected = ImageAddress.Options(
            width: width, height: height, isCut: isCut, quality: quality,
            format: format.flatMap(ImageAddress.Options.Format.init), blur: blur)
        #expect(address.options == expected)
    }

    @Test(
        "Options that can't be are refused",
        arguments: [
            "fit-in/", "fit-in/large/", "5000x10/", "99999999999999999999x1/", "filters:quality(0)/",
            "filters:quality(101)/", "filters:format(gif)/", "filters:blur(-1)/", "filters:sharpen(1)/", "filters:/",
            "filters:quality/", "filters:quality(80/", "10x10/smart/filters:watermark(http://x)/",
        ])
    func refused(text: String) throws {
        let error = #expect(throws: ErrorBody.self) { try ImageAddress(text + Self.key) }
        #expect(error?.status == 400)
    }

    @Test("What holds no key is no address", arguments: ["", "10x10/", "10x10/smart/", "10x10/../a", "10x10//a"])
    func none(text: String) throws {
        #expect(try ImageAddress(text) == nil)
    }
}
