//! How long the strict front takes for an order as ccxt sends it.
#![expect(missing_docs, reason = "criterion makes the functions")]

use std::hint::black_box;

use claviger_gateway::front::{head_end, parse, room};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ORDER: &[u8] =
    b"POST /binance/api/v3/order HTTP/1.1\r\nHost: 127.0.0.1:8700\r\nUser-Agent: python-requests/2.32.5\r\n\
Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\
X-MBX-APIKEY: vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A\r\n\
Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 218\r\n\r\n";

fn front(c: &mut Criterion) {
    let mut group = c.benchmark_group("front");
    group.throughput(Throughput::Bytes(u64::try_from(ORDER.len()).unwrap_or(0)));
    group.bench_function("head of an order", |b| {
        b.iter(|| {
            let mut seen = 0;
            let end = head_end(black_box(ORDER), &mut seen).ok().flatten().unwrap_or(0);
            let mut room = room();
            parse(ORDER.get(..end).unwrap_or_default(), &mut room).is_ok_and(|head| black_box(head).close)
        });
    });
    group.finish();
}

criterion_group!(benches, front);
criterion_main!(benches);
