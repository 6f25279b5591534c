import Addressing
import Testing

/// The witness of a set is one of its addresses, and one that a packet can come from if the set has such an address.
@Suite struct WitnessTests {
    private func witness(_ ranges: String...) throws -> String? {
        var set = AddressSet()
        for range in ranges {
            switch try AddressRange(range) {
            case .ipv4(let range): set = set.union(AddressSet(ipv4: [range], ipv6: []))
            case .ipv6(let range): set = set.union(AddressSet(ipv4: [], ipv6: [range]))
            }
        }
        return set.witness?.description
    }

    @Test func isTheFirstPossibleSource() throws {
        #expect(try witness("10.8.0.0/16", "192.0.2.1") == "10.8.0.0")
        #expect(try witness("0.0.0.0/0") == "198.51.100.7")
        #expect(try witness("0.0.0.0-2.255.255.255") == "1.0.0.0")
        #expect(try witness("0.0.0.0/8") == "0.0.0.0")
        #expect(try witness("2001:db8:1::/48") == "2001:db8:1::")
        #expect(try witness("::/0") == "2001:db8::7")
        #expect(try witness("::-2001:db8::6") == "2000::")
        #expect(try witness("::1") == "::1")
        #expect(try witness("::1", "10.0.0.1") == "10.0.0.1")
        #expect(AddressSet().witness == nil)
    }
}
