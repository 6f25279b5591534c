extension AddressSet {
    /// The addresses of a range, or one address.
    public init(_ range: AddressRange) {
        switch range {
        case .ipv4(let range): self.init(ipv4: IntervalSet([range]))
        case .ipv6(let range): self.init(ipv6: IntervalSet([range]))
        }
    }
}
