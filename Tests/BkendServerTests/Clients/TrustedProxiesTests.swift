import Testing

@testable import BkendServer

@Suite struct TrustedProxiesTests {
    @Test(
        "An address is read and written as usual, an IPv4 one the same in its IPv6 form",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:0:0::1", "2001:db8::1"),
            ("::", "::"), ("255.255.255.255", "255.255.255.255"),
        ])
    func addresses(text: String, shown: String) throws {
        let address = try #require(ClientAddress(text))
        #expect(address.description == shown)
    }

    @Test(
        "What is no address is none",
        arguments: ["", "1.2.3", "1.2.3.4.5", "localhost", "fe80::1%eth0", "1.2.3.4:80", " 1.2.3.4"])
    func noAddresses(text: String) { #expect(ClientAddress(text) == nil) }

    @Test(
        "A range holds the addresses with its first bits",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("2001:db8::/65", "2001:db8::1", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:1", false), ("::/0", "2001::", true), ("::1", "::1", true),
            ("192.168.0.0/23", "192.168.1.255", true), ("192.168.0.0/23", "192.168.2.0", false),
        ])
    func ranges(range: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(range))
        let address = try #require(ClientAddress(address))
        #expect(range.contains(address) == isInside)
    }

    @Test(
        "What is no range is none",
        arguments: ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "x/8", "1.2.3.4/"])
    func noRanges(text: String) { #expect(AddressRange(text) == nil) }

    static let proxies = TrustedProxies(["127.0.0.1", "10.0.0.0/8"].compactMap(AddressRange.init))

    @Test(
        "The client is the last address that no trusted proxy has",
        arguments: [
            // Who isn't trusted can say what it likes.
            ("8.8.8.8", ["1.1.1.1"], "8.8.8.8"), ("127.0.0.1", [], "127.0.0.1"),
            ("127.0.0.1", ["1.1.1.1"], "1.1.1.1"),
            // What the client itself put into the header lies to the left.
            ("127.0.0.1", ["6.6.6.6, 1.1.1.1"], "1.1.1.1"), ("127.0.0.1", ["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
            ("127.0.0.1", ["6.6.6.6, 1.1.1.1, 10.2.3.4"], "1.1.1.1"),
            ("127.0.0.1", ["10.9.9.9, 10.2.3.4"], "10.9.9.9"),
            ("127.0.0.1", ["unknown, 10.2.3.4"], "10.2.3.4"), ("127.0.0.1", ["garbage"], "127.0.0.1"),
            ("127.0.0.1", [""], "127.0.0.1"), ("127.0.0.1", ["1.1.1.1,"], "127.0.0.1"),
            ("127.0.0.1", ["1.1.1.1:5555"], "1.1.1.1"), ("127.0.0.1", ["[2001:db8::5]:443"], "2001:db8::5"),
            ("127.0.0.1", ["2001:db8::5"], "2001:db8::5"), ("::ffff:127.0.0.1", ["1.1.1.1"], "1.1.1.1"),
        ])
    func clients(peer: String, forwarded: [String], client: String) throws {
        let address = try #require(ClientAddress(peer))
        let found = Self.proxies.client(peer: address, forwarded: forwarded)
        #expect(found?.description == client)
    }

    @Test("Without trusted proxies the header counts for nothing")
    func none() throws {
        let peer = try #require(ClientAddress("127.0.0.1"))
        #expect(TrustedProxies().client(peer: peer, forwarded: ["1.1.1.1"]) == peer)
        #expect(Self.proxies.client(peer: nil, forwarded: ["1.1.1.1"]) == nil)
    }
}
