internal import Addressing

/// An address on the command line.
struct AddressArgument {
    let address: IPAddress

    /// Parses one address.
    init(_ text: String) throws(CommandError) {
        let range: AddressRange
        do throws(AddressError) { range = try AddressRange(text) } catch {
            let fault = error.reason == .notAnAddress ? "\"\(text)\" is not an address" : "\(error)"
            throw CommandError(.usage, "\(fault)\(Self.example)")
        }
        guard let address = IPAddress(range) else {
            throw CommandError(.usage, "\"\(text)\" is not one address\(Self.example)")
        }
        self.address = address
    }

    private static let example = "; write one such as 192.0.2.7 or 2001:db8::7"
}
