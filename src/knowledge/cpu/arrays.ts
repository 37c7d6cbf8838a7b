import { cpu, cpuClasses } from "./row.ts";

const UFUNCS =
  "{sin,cos,tan,arcsin,arccos,arctan,arctan2,sinh,cosh,tanh,exp,exp2,expm1,log,log2,log10,log1p,sqrt,cbrt,square,power,float_power,add,subtract,multiply,divide,true_divide,floor_divide,mod,remainder,fmod,negative,absolute,abs,fabs,sign,maximum,minimum,fmax,fmin,floor,ceil,rint,trunc,round,around,clip,greater,greater_equal,less,less_equal,equal,not_equal,logical_and,logical_or,logical_not,logical_xor,bitwise_and,bitwise_or,bitwise_xor,invert,isnan,isinf,isfinite,hypot,heaviside,reciprocal,deg2rad,rad2deg,radians,degrees,signbit,copysign,conj,conjugate,real,imag,angle,sinc,i0,nan_to_num}";
const REDUCTIONS =
  "{sum,prod,mean,average,std,var,min,max,amin,amax,ptp,argmin,argmax,any,all,median,percentile,quantile,cumsum,cumprod,nansum,nanprod,nanmean,nanstd,nanvar,nanmin,nanmax,nanmedian,nanpercentile,nanquantile,nanargmin,nanargmax,trapz,trapezoid}";
const ORDER =
  "{sort,argsort,lexsort,partition,argpartition,searchsorted,digitize,where,nonzero,flatnonzero,argwhere,histogram,histogram2d,histogramdd,bincount,interp,convolve,correlate,diff,ediff1d,gradient,cross,outer,inner,vdot,kron,isin,in1d,intersect1d,union1d,setdiff1d,setxor1d,cov,corrcoef,select,piecewise,choose,take,take_along_axis,put,place,extract,compress,roots,isclose,allclose,array_equal,trace,tri,tril,triu,vander,unwrap,packbits,unpackbits}";
const COPIES =
  "{concatenate,stack,vstack,hstack,dstack,column_stack,append,insert,delete,pad,roll,rot90,resize,copy,full,full_like,meshgrid,indices,mgrid,block}";
const DRAWS =
  "normal,standard_normal,uniform,random,integers,choice,poisson,binomial,beta,gamma,exponential,multivariate_normal,lognormal,dirichlet,multinomial";

/** numpy and scipy. */
export const ARRAY_CPU = [
  ...cpu("numpy 1.26-2.4: measured on CPython 3.11.7; native types only, arrays of objects never let go of the GIL", [
    [
      "numpy.{dot,matmul,einsum,tensordot,linalg.multi_dot} numpy.ndarray.dot",
      "releases",
      "input",
      "BLAS uses several cores by itself: 56 ms for 900x900",
    ],
    [
      "numpy.linalg.{inv,svd,eig,solve,pinv,lstsq,eigh,eigvals,eigvalsh,svdvals,matrix_rank,cond,matrix_power,tensorinv,tensorsolve}",
      "releases",
      "heavy",
      "cubic in the side of the matrix: 17 us for 4x4, 50-250 ms for 700x700",
    ],
    ["numpy.linalg.{qr,cholesky,norm,vector_norm,matrix_norm}", "releases", "input"],
    ["numpy.linalg.{det,slogdet}", "freezes", "input", "keeps the GIL: 210 ms for 2000x2000"],
    [`numpy.${UFUNCS}`, "releases", "input", "1-30 ms for a million numbers"],
    [`numpy.${REDUCTIONS}`, "releases", "input"],
    [
      "numpy.ndarray.{sum,prod,mean,std,var,min,max,argmin,argmax,any,all,ptp,cumsum,cumprod,clip,round,conj,trace}",
      "releases",
      "input",
    ],
    [`numpy.${ORDER}`, "releases", "input"],
    [
      "numpy.ndarray.{sort,argsort,partition,argpartition,searchsorted,nonzero,take,compress,choose,repeat,copy,astype,byteswap}",
      "releases",
      "input",
    ],
    [`numpy.${COPIES}`, "releases", "input"],
    [
      "numpy.{tile,repeat,count_nonzero,fromiter,fromstring} numpy.ndarray.{tobytes,tofile}",
      "freezes",
      "input",
      "keeps the GIL",
    ],
    [
      "numpy.unique",
      "mixed",
      "input",
      "sorts without the GIL, the rest keeps it",
      "asyncio.to_thread / concurrent.futures.ProcessPoolExecutor",
    ],
    [
      "numpy.fft.{fft,ifft,fft2,ifft2,fftn,ifftn,rfft,irfft,rfft2,irfft2,rfftn,irfftn,hfft,ihfft,fftshift,ifftshift}",
      "releases",
      "input",
    ],
    [`numpy.random.Generator.{${DRAWS}}`, "releases", "input", "every generator has a lock: one generator a thread"],
    [
      `numpy.random.{rand,randn,randint,random_sample,random_integers,${DRAWS}}`,
      "releases",
      "input",
      "all threads share one lock: numpy.random.default_rng gives a generator of one's own",
    ],
    [
      "numpy.random.{shuffle,permutation} numpy.random.Generator.{shuffle,permutation,permuted}",
      "freezes",
      "input",
      "keeps the GIL",
    ],
    ["numpy.random.{seed,default_rng,RandomState}", "holds", "light"],
    ["numpy.polyfit numpy.polynomial.polynomial.polyfit numpy.polynomial.Polynomial.fit", "mixed", "input"],
    ["numpy.{polyval,poly1d}", "releases", "input"],
    [
      "numpy.vectorize",
      "holds",
      "input",
      "calls Python for every element: a loop in disguise",
      "numba.vectorize / concurrent.futures.ProcessPoolExecutor",
    ],
    [
      "numpy.{apply_along_axis,apply_over_axes,frompyfunc,fromfunction}",
      "holds",
      "input",
      "calls Python again and again",
    ],
    [
      "numpy.char.{upper,lower,add,replace,strip,split,join,find,startswith,endswith,capitalize,encode,decode,title,multiply}",
      "freezes",
      "input",
      "arrays of strings keep the GIL",
    ],
    ["numpy.loadtxt", "freezes", "heavy", "keeps the GIL"],
    ["numpy.{genfromtxt,savetxt,fromregex}", "holds", "heavy", "pure Python"],
    ["numpy.{array2string,array_str,array_repr}", "holds", "input"],
    ["numpy.savez_compressed", "releases", "input", "zlib"],
    ["numpy.{load,save,savez,fromfile}", "mixed", "input", "reads and writes a file"],
    [
      "numpy.{array,asarray,asanyarray,ascontiguousarray}",
      "freezes",
      "input",
      "from a Python list: 75 ms a million; an array is not touched",
    ],
    ["numpy.ndarray.tolist", "freezes", "input"],
    [
      "numpy.{zeros,ones,empty,zeros_like,ones_like,empty_like,eye,identity,arange,linspace,logspace,geomspace,diag}",
      "holds",
      "light",
    ],
    [
      "numpy.{reshape,transpose,ravel,squeeze,expand_dims,newaxis,swapaxes,moveaxis,flip,fliplr,flipud,broadcast_to,atleast_1d,atleast_2d,split,array_split,frombuffer,shape,ndim,size,isscalar,dtype,finfo,iinfo}",
      "holds",
      "light",
      "views",
    ],
    [
      "numpy.ndarray.{reshape,transpose,ravel,squeeze,view,swapaxes,item,fill,flatten,setflags}",
      "holds",
      "light",
      "views",
    ],
    [
      "numpy.{int8,int16,int32,int64,uint8,uint16,uint32,uint64,float16,float32,float64,bool_,complex64,complex128}",
      "holds",
      "light",
    ],
  ]),
  ...cpu("scipy 1.17.1: measured on CPython 3.11.7", [
    [
      "scipy.linalg.{solve,inv,svd,eig,eigh,lstsq,pinv}",
      "freezes",
      "heavy",
      "keeps the GIL, which numpy.linalg lets go of",
      "numpy.linalg.* / concurrent.futures.ProcessPoolExecutor",
    ],
    [
      "scipy.linalg.{eigvals,eigvalsh,schur,hessenberg,logm,sqrtm,solve_triangular,solve_banded,solve_sylvester,lu_factor,lu_solve}",
      "freezes",
      "heavy",
    ],
    ["scipy.linalg.{expm,lu,cholesky,det,qr}", "mixed", "heavy"],
    ["scipy.linalg.{norm,block_diag,toeplitz,hankel,circulant}", "holds", "input"],
    [
      "scipy.signal.{convolve2d,correlate2d}",
      "freezes",
      "heavy",
      "keeps the GIL",
      "scipy.signal.fftconvolve / concurrent.futures.ProcessPoolExecutor",
    ],
    ["scipy.signal.lfilter", "mixed", "input"],
    ["scipy.signal.{butter,cheby1,cheby2,ellip,firwin,get_window,iirfilter,freqz}", "holds", "light"],
    ["scipy.spatial.{cKDTree,KDTree,ConvexHull,Delaunay,Voronoi}", "releases", "input", "cKDTree takes workers="],
    [
      "scipy.spatial.cKDTree.{query,query_ball_point,query_ball_tree,query_pairs,sparse_distance_matrix,count_neighbors}",
      "releases",
      "input",
      "takes workers=",
    ],
    ["scipy.spatial.distance.{cdist,pdist,squareform}", "releases", "input", "quadratic"],
    ["scipy.spatial.distance.{euclidean,cosine,cityblock,hamming,jaccard,correlation}", "holds", "light"],
    [
      "scipy.spatial.transform.Rotation.{from_euler,from_quat,from_matrix,apply,as_euler,as_matrix,as_quat}",
      "holds",
      "light",
    ],
    [
      "scipy.sparse.csr_matrix.{dot,multiply}",
      "releases",
      "input",
      "times a vector; the product of two sparse matrices keeps the GIL",
    ],
    ["scipy.sparse.csr_matrix.{tocsc,tocsr,tocoo,toarray,todense,sum,mean,max,transpose}", "mixed", "input"],
    ["scipy.sparse.linalg.{spsolve,svds,eigs,eigsh,splu,spilu,factorized,inv,expm}", "releases", "heavy"],
    ["scipy.sparse.linalg.{cg,gmres,bicg,bicgstab,minres,lsqr,lsmr}", "mixed", "heavy"],
    [
      "scipy.sparse.csgraph.{shortest_path,dijkstra,floyd_warshall,connected_components,minimum_spanning_tree,maximum_flow}",
      "releases",
      "heavy",
    ],
    [
      "scipy.optimize.{minimize,differential_evolution,dual_annealing,basinhopping,brute,shgo,direct,milp}",
      "mixed",
      "heavy",
      "as slow as the Python function that it calls",
      "concurrent.futures.ProcessPoolExecutor",
    ],
    [
      "scipy.optimize.{curve_fit,least_squares,linprog,root,fsolve,leastsq,nnls,linear_sum_assignment}",
      "mixed",
      "input",
    ],
    [
      "scipy.optimize.{minimize_scalar,brentq,newton,bisect,root_scalar,fmin,fmin_bfgs,fmin_l_bfgs_b,fminbound}",
      "holds",
      "input",
    ],
    [
      "scipy.integrate.{solve_ivp,odeint,solve_bvp,quad,dblquad,tplquad,nquad,quad_vec}",
      "holds",
      "input",
      "calls a Python function again and again",
    ],
    ["scipy.integrate.{simpson,trapezoid,cumulative_trapezoid}", "releases", "input"],
    [
      "scipy.interpolate.{interp1d,griddata,interpn,Rbf,RBFInterpolator,CubicSpline,UnivariateSpline,splrep,splev,RegularGridInterpolator,make_interp_spline}",
      "mixed",
      "input",
    ],
    ["scipy.stats.spearmanr", "mixed", "input"],
    [
      "scipy.stats.{pearsonr,kendalltau,ttest_ind,ttest_rel,mannwhitneyu,wilcoxon,ks_2samp,chi2_contingency,f_oneway,linregress,zscore,rankdata,describe,entropy,skew,kurtosis,mode,shapiro,normaltest,iqr}",
      "mixed",
      "input",
      "0.3-1 ms for a thousand numbers",
    ],
    ["scipy.stats.{gaussian_kde,bootstrap,permutation_test,monte_carlo_test}", "mixed", "heavy"],
    [
      "scipy.cluster.{hierarchy.linkage,hierarchy.fcluster,hierarchy.dendrogram,vq.kmeans,vq.kmeans2}",
      "mixed",
      "heavy",
    ],
    ["scipy.io.{loadmat,savemat,mmread,mmwrite}", "holds", "heavy"],
    [
      "scipy.ndimage.{gaussian_filter,label,zoom,rotate,median_filter,affine_transform,map_coordinates}",
      "releases",
      "heavy",
      "45-160 ms for half a megapixel",
    ],
    ["scipy.signal.fftconvolve", "releases", "input"],
  ]),
  ...cpu("numba 0.56: measured on CPython 3.11.7; numexpr and Cython: their documentation", [
    [
      "numba.{njit,jit,vectorize,guvectorize,stencil,cfunc}",
      "holds",
      "light",
      "a decorator: what it compiles keeps the GIL unless it says nogil=True",
    ],
    ["numba.cuda.{to_device,synchronize}", "releases", "input"],
    ["numexpr.evaluate", "releases", "input", "uses several cores by itself"],
    [
      "cython.{compile,inline} pyximport.install",
      "holds",
      "light",
      "compiled code lets go of the GIL only inside `with nogil`",
    ],
  ]),
];

/** Modules of scipy of which every function works the same way; single ones above come first. */
export const ARRAY_CPU_CLASSES = cpuClasses("scipy 1.17.1: measured on CPython 3.11.7", [
  ["scipy.linalg", "freezes", "input", "LinAlgError LinAlgWarning get_lapack_funcs get_blas_funcs", "keeps the GIL"],
  [
    "scipy.{fft,fftpack}",
    "releases",
    "input",
    "set_workers get_workers next_fast_len fftfreq rfftfreq",
    "takes workers=",
  ],
  ["scipy.ndimage", "releases", "input", "generate_binary_structure"],
  ["scipy.signal", "releases", "input", "dlti lti windows"],
  ["scipy.special", "releases", "input", ""],
]);
