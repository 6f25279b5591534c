internal import Addressing

/// An address on the command line.
struct AddressArgument {
    let address: IPAddress

    /// Parses one address.
    init(_ text: String) throws(CommandError) {
        let range: AddressRange
        do throws(AddressError) { range = try AddressRange(text) } catch { throw CommandError(.usage, "\(error)") }
        guard let address = IPAddress(range) else { throw CommandError(.usage, "\"\(text)\" is not one address") }
        self.address = address
    }
}
