import Addressing
import Testing

@testable import System

@Suite("Access control lists name the user or group beside root that can write")
struct AccessControlListTests {
    /// The attribute with these entries: tag, permissions, id.
    private func list(_ entries: (tag: UInt16, permissions: UInt16, id: UInt32)...) -> [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] { Array(number.bigEndianBytes.reversed()) }
        return bytes(UInt32(2))
            + entries.flatMap { bytes($0.tag) + bytes($0.permissions) + bytes($0.id) }
    }

    private let user: UInt16 = 0x02
    private let ownGroup: UInt16 = 0x04
    private let group: UInt16 = 0x08
    private let mask: UInt16 = 0x10
    private let other: UInt16 = 0x20
    private let none = UInt32.max

    @Test("Named users and groups count under the mask; root, the caller and the owner do not")
    func writers() throws {
        let cases: [([UInt8], String?)] = [
            (list((user, 6, 1000), (mask, 7, none)), "user 1000"),
            (list((user, 6, 1000), (mask, 4, none)), nil),
            (list((user, 6, 0), (user, 6, 33), (mask, 7, none)), nil),
            (list((group, 2, 50), (mask, 2, none)), "group 50"),
            (list((group, 2, 0), (mask, 2, none)), nil),
            (list((ownGroup, 6, none), (mask, 6, none)), "group 5"),
            (list((ownGroup, 4, none), (mask, 6, none)), nil),
            (list((other, 2, none)), "everyone"),
            (list((1, 7, none), (other, 5, none)), nil),
        ]
        for (bytes, writer) in cases {
            #expect(try #require(AccessControlList(bytes)).writer(beside: 33, group: 5) == writer)
        }
        #expect(try #require(AccessControlList(list((ownGroup, 6, none)))).writer(beside: 0, group: 0) == nil)
    }

    @Test("An attribute of another length is no list")
    func malformed() {
        let bytes = list((user, 6, 1000))
        for count in 0..<bytes.count where count != 4 {
            #expect(AccessControlList(Array(bytes.prefix(count))) == nil)
        }
    }
}
