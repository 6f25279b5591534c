import Addressing
import TestSupport
import Testing

@Suite struct IPv4AddressTests {
    @Test func everyPrintedAddressReadsBack() throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2000 {
            let value = UInt32.random(in: 0...UInt32.max, using: &generator)
            #expect(try IPv4Address(IPv4Address(value: value).description).value == value)
        }
    }

    @Test func aRangePrintsAsAPrefixIfItIsOne() {
        #expect(IPv4Address.text(of: 0...UInt32.max) == "0.0.0.0/0")
        #expect(IPv4Address.text(of: 0x0A00_0000...0x0AFF_FFFF) == "10.0.0.0/8")
        #expect(IPv4Address.text(of: 0x0A00_0001...0x0A00_0002) == "10.0.0.1-10.0.0.2")
        #expect(IPv4Address.text(of: 7...7) == "0.0.0.7")
    }

    @Test func refusesAnythingButOneAddress() {
        for text in ["10.0.0.0/8", "10.0.0.1-10.0.0.2", "::1", "10.0.0.1/32"] {
            #expect(throws: AddressError.self) { try IPv4Address(text) }
        }
    }
}
