import Addressing
import TestSupport
import Testing

@Suite struct IPv6AddressTests {
    @Test func everyPrintedAddressReadsBack() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<2000 {
            // Half of the groups are zero: runs of zeros are the hard part of printing.
            var value: UInt128 = 0
            for _ in 0..<8 {
                value = value << 16 | (Bool.random(using: &generator) ? 0 : .random(in: 0...0xffff, using: &generator))
            }
            if value >> 32 == 0xffff { continue }
            let text = IPv6Address(value: value).description
            #expect(try IPv6Address(text).value == value)
        }
    }

    @Test func mappedAddressesPrintTheirDottedQuad() {
        #expect(IPv6Address(value: 0xffff_c000_0201).description == "::ffff:192.0.2.1")
        #expect(IPv6Address(value: 0xffff_0000_0000).description == "::ffff:0.0.0.0")
        #expect(IPv6Address(value: 0x1_0000).description == "::0.1.0.0")
        #expect(IPv6Address(value: 0xffff).description == "::ffff")
    }

    @Test func refusesAnythingButOneAddress() {
        for text in ["::/128", "::1-::2", "10.0.0.1", "::ffff:10.0.0.1"] {
            #expect(throws: AddressError.self) { try IPv6Address(text) }
        }
    }
}
