//! (being written)
#![forbid(unsafe_code)]

mod h264;
mod picture;
mod scene;

#[cfg(test)]
mod encoding {
    #[test]
    fn dump() {
        use std::io::Write;
        let sets = crate::h264::ParameterSets { sps: &[], pps: &[], size: [1168, 720], chroma_qp_offset: -6 };
        let mut e = crate::h264::Encoder::new(&sets);
        let s = crate::scene::Scene::new([1168, 720], "Bambu Lab X1C  00M00A000000000", 0);
        let mut p = s.blank();
        let mut out = std::fs::File::create("/tmp/sim.h264").unwrap();
        let mut yuv = std::fs::File::create("/tmp/sim.yuv").unwrap();
        let start = std::time::Instant::now();
        let (mut draw, mut enc) = (0.0, [0.0; 2]);
        for n in 0..90u64 {
            let t = std::time::Instant::now();
            s.draw(&mut p, std::time::Duration::from_millis(60000 + n * 1000 / 30), std::time::Duration::from_millis(45296000 + n * 1000 / 30));
            draw += t.elapsed().as_secs_f64();
            let t = std::time::Instant::now();
            let u = e.encode(&p, n % 30 == 0);
            enc[usize::from(n % 30 == 0)] += t.elapsed().as_secs_f64();
            if n % 30 < 2 { println!("{n}: {}", u.len()); }
            if n % 30 == 0 { out.write_all(&std::fs::read("/tmp/ps.h264").unwrap()).unwrap(); }
            out.write_all(&[0, 0, 0, 1]).unwrap();
            out.write_all(&u).unwrap();
            let r = e.reconstruction();
            for p in std::iter::once(&r.luma).chain(&r.chroma) { yuv.write_all(&p.samples).unwrap(); }
        }
        println!("{:?} draw {} ms, P {} ms, I {} ms", start.elapsed(), draw / 0.09, enc[0] / 0.087, enc[1] / 0.003);
    }
}
