internal import Addressing

/// One address, as it is written on the command line.
struct AddressArgument {
    let address: IPAddress

    /// The address of a text.
    init(_ text: String) throws(CommandError) {
        let range: AddressRange
        do throws(AddressError) { range = try AddressRange(text) } catch { throw CommandError(.usage, "\(error)") }
        guard let address = IPAddress(range) else { throw CommandError(.usage, "\"\(text)\" is not one address") }
        self.address = address
    }
}
