import Addressing
import Testing

@Suite("Names of the kernel are bytes, and different ones are different texts")
struct KernelNameTests {
    @Test("Every byte comes back, alone and beside others")
    func roundTrip() {
        var texts: Set<String> = []
        for byte in UInt8(1)...255 {
            for name in [[byte], [0x61, byte, 0x5c], [byte, 0x78, 0x66, 0x66]] as [[UInt8]] {
                let text = KernelName.text(of: name)
                #expect(KernelName.bytes(of: text) == name)
                #expect(texts.insert(text).inserted)
                #expect(text.utf8.allSatisfy { $0 > 0x1f && $0 < 0x7f })
            }
        }
    }

    @Test("Plain names stand for themselves, and names that Unicode takes for one stay two")
    func texts() {
        #expect(KernelName.text(of: Array("f2b-table_1.2".utf8)) == "f2b-table_1.2")
        #expect(KernelName.text(of: [0xff, 0x0a]) == "\\xff\\x0a")
        #expect(KernelName.text(of: Array("K".utf8)) != KernelName.text(of: Array("\u{212a}".utf8)))
        #expect(KernelName.text(of: Array("é".utf8)) != KernelName.text(of: Array("e\u{301}".utf8)))
        #expect(KernelName.bytes(of: "ñ0") == Array("ñ0".utf8))
        #expect(KernelName.bytes(of: "a\\xg0\\x1") == Array("a\\xg0\\x1".utf8))
    }

    @Test("A pattern matches the bytes of a name")
    func patterns() {
        #expect(InterfacePattern(name: "ñ", isPrefix: true).matches(KernelName.text(of: Array("ñ0".utf8))))
        #expect(!InterfacePattern(name: "eth", isPrefix: false).matches("\\xff"))
    }
}
