import { cpu, cpuClasses } from "./row.ts";

const GROUPS = "pandas.core.groupby.DataFrameGroupBy";
const WINDOW = "pandas.core.window.Rolling";
const FRAMES = "pandas.{DataFrame,Series}";
const EXCEPT_LAZY =
  "lazy clone head tail limit get_column get_columns to_series rename drop select with_columns columns schema width height shape is_empty slice item row";

/** Data frames, columnar engines, geometry. */
export const FRAME_CPU = [
  ...cpu("pandas 1.5.3 and 3.1: measured on CPython 3.11.7", [
    [
      "pandas.read_csv",
      "mixed",
      "heavy",
      "the C engine lets go of the GIL for half of the call, the Python engine does not",
    ],
    ["pandas.{read_table,read_fwf}", "mixed", "heavy"],
    ["pandas.read_excel", "holds", "heavy", "openpyxl inside: pure Python"],
    ["pandas.{read_json,read_pickle,read_xml,read_stata,read_sas,read_spss,read_hdf,read_clipboard}", "holds", "heavy"],
    ["pandas.read_html", "holds", "light", "fetches the address first, which matters more"],
    [
      "pandas.{read_parquet,read_feather,read_orc}",
      "releases",
      "heavy",
      "pyarrow lets go of the GIL and uses several cores",
    ],
    [
      "pandas.{read_sql,read_sql_query,read_sql_table,read_gbq} pandas.DataFrame.{to_sql,to_gbq}",
      "holds",
      "light",
      "waits for the database, which matters more",
    ],
    [`${FRAMES}.{to_csv,to_excel,to_html,to_latex,to_xml}`, "holds", "heavy", "0.3 s for 200,000 rows"],
    [`${FRAMES}.{to_string,to_markdown}`, "holds", "input", "14 us a row"],
    [`${FRAMES}.{to_json,to_pickle,to_hdf}`, "freezes", "heavy", "one call that keeps the GIL"],
    ["pandas.DataFrame.{to_parquet,to_feather,to_orc}", "releases", "heavy", "pyarrow"],
    [
      `${FRAMES}.{to_dict,to_records,to_list,tolist,itertuples,iterrows,items}`,
      "holds",
      "input",
      "a Python object for every value",
      "pandas.DataFrame.to_numpy / concurrent.futures.ProcessPoolExecutor",
    ],
    [
      `${GROUPS}.{mean,sum,count,size,min,max,std,var,median,first,last,nunique,cumsum,cumcount,rank,nth,head,tail,ngroup,prod,quantile}`,
      "releases",
      "input",
      "numeric keys; with keys of strings half of the call keeps the GIL",
    ],
    [
      `${GROUPS}.{agg,aggregate,transform}`,
      "mixed",
      "input",
      "names of functions run in C, Python functions once a group",
    ],
    [`${GROUPS}.{apply,filter,describe,corr}`, "holds", "heavy", "a Python call for every group"],
    [
      "pandas.DataFrame.merge pandas.{merge,merge_asof,merge_ordered} pandas.DataFrame.join",
      "mixed",
      "heavy",
      "two thirds of the call let go of the GIL",
    ],
    [`${FRAMES}.sort_values ${FRAMES}.sort_index`, "mixed", "input", "a column of strings keeps the GIL"],
    [
      "pandas.DataFrame.{apply,applymap,transform}",
      "holds",
      "heavy",
      "a Python call for every row or column: 6 us a row",
      "numpy.where / concurrent.futures.ProcessPoolExecutor",
    ],
    [
      "pandas.DataFrame.{map,agg,aggregate} pandas.Series.{apply,agg,aggregate,transform}",
      "holds",
      "input",
      "a Python call for every value",
    ],
    ["pandas.Series.{map,value_counts,factorize,unique,nunique}", "holds", "input"],
    ["pandas.DataFrame.pivot_table pandas.{pivot_table,crosstab}", "mixed", "heavy"],
    ["pandas.DataFrame.{corr,cov}", "releases", "input"],
    [
      "pandas.DataFrame.{pivot,melt,stack,unstack,explode,describe,transpose,value_counts,corrwith,nunique}",
      "mixed",
      "input",
    ],
    ["pandas.Series.{explode,describe,corr,cov,autocorr,unstack}", "mixed", "input"],
    [`${FRAMES}.rank`, "releases", "input"],
    [`${FRAMES}.drop_duplicates ${FRAMES}.duplicated`, "freezes", "input", "strings keep the GIL"],
    [
      `${WINDOW}.{mean,sum,std,var,min,max,median,count,quantile,corr,cov,skew,kurt,first,last,ohlc,ffill,bfill,interpolate,size,nunique}`,
      "mixed",
      "input",
    ],
    [`${WINDOW}.apply`, "holds", "heavy", "a Python call for every window: 20 us each"],
    [`${WINDOW}.{agg,aggregate}`, "mixed", "input"],
    [`${GROUPS}.{rolling,resample,expanding,pipe}`, "holds", "light", "lazy"],
    ["pandas.{concat,get_dummies,json_normalize,cut,qcut,wide_to_long,factorize,unique,eval,melt}", "mixed", "input"],
    ["pandas.to_datetime", "holds", "input", "one format= for all is many times as fast as guessing each"],
    ["pandas.{to_numeric,to_timedelta}", "holds", "input"],
    [
      "pandas.{date_range,period_range,timedelta_range,bdate_range,Timestamp,Timedelta,isna,isnull,notna,notnull,set_option,Index,MultiIndex}",
      "holds",
      "light",
    ],
    [
      `${FRAMES}.{fillna,dropna,replace,isin,astype,interpolate,where,mask,clip,round,shift,diff,pct_change,reindex,resample,cumsum,cumprod,quantile,mode,std,var,median,nlargest,nsmallest,sample,update,combine_first,compare,convert_dtypes,infer_objects,memory_usage,between}`,
      "mixed",
      "input",
    ],
    ["pandas.DataFrame.{query,eval,copy,append,assign,select_dtypes,filter} pandas.Series.copy", "mixed", "input"],
    [
      `${FRAMES}.{head,tail,rename,drop,set_index,reset_index,groupby,rolling,expanding,ewm,isna,notna,isnull,notnull,any,all,sum,mean,min,max,count,idxmax,idxmin,to_numpy,to_frame,squeeze,pop,insert,get,keys,add_prefix,add_suffix,truncate,info,equals,pipe,abs,add,sub,mul,div}`,
      "holds",
      "light",
      "milliseconds at most for millions of values",
    ],
    ["pandas.{DataFrame,Series}", "holds", "input", "from Python lists: one object after another"],
    ["pandas.DataFrame.{from_dict,from_records}", "holds", "input"],
    ["pandas.{ExcelFile,ExcelFile.parse}", "holds", "heavy", "openpyxl inside: pure Python"],
    ["pandas.ExcelWriter", "holds", "input", "openpyxl inside: leaving the block writes the file"],
    [`${FRAMES}.plot`, "holds", "heavy", "matplotlib inside"],
  ]),
  ...cpu("polars 1, pyarrow 20, DuckDB 1, dask, xarray: their manuals and sources, not measured", [
    [
      "polars.{read_csv,read_parquet,read_json,read_ndjson,read_ipc,read_excel,read_avro,read_delta}",
      "releases",
      "heavy",
      "uses all cores by itself: no process pool",
    ],
    [
      "polars.LazyFrame.{collect,sink_parquet,sink_csv,sink_ipc,fetch,profile}",
      "releases",
      "heavy",
      "uses all cores by itself",
      "polars.LazyFrame.collect_async / asyncio.to_thread",
    ],
    ["polars.LazyFrame.{filter,select,with_columns,join,sort,group_by,head,tail,limit}", "releases", "light", "lazy"],
    ["polars.{collect_all,concat}", "releases", "input"],
    [
      "polars.DataFrame.{write_csv,write_parquet,write_excel,write_json,write_ndjson,write_ipc,write_avro}",
      "releases",
      "heavy",
    ],
    [
      "polars.DataFrame.{map_rows,iter_rows,rows,to_dicts,to_dict}",
      "holds",
      "input",
      "a Python object for every value",
    ],
    [
      "polars.{DataFrame,Series}.map_elements polars.Expr.map_elements",
      "holds",
      "input",
      "a Python call for every value",
    ],
    ["polars.{scan_csv,scan_parquet,scan_ndjson,scan_ipc,col,lit,when,DataFrame,Series}", "releases", "light"],
    ["pyarrow.csv.{read_csv,write_csv} pyarrow.json.read_json", "releases", "heavy", "uses several cores by itself"],
    [
      "pyarrow.{parquet,feather,orc}.{read_table,write_table,read_pandas,read_feather,write_feather}",
      "releases",
      "heavy",
    ],
    ["pyarrow.Table.{to_pandas,from_pandas,group_by,sort_by,join,filter,combine_chunks}", "releases", "input"],
    [
      "pyarrow.Table.{to_pylist,to_pydict,from_pylist,from_pydict}",
      "holds",
      "input",
      "a Python object for every value",
    ],
    [
      "duckdb.DuckDBPyConnection.{execute,executemany,sql,query,fetchall,fetchdf,df,fetchone,fetch_arrow_table,pl}",
      "releases",
      "input",
      "threads with a cursor each; uses several cores by itself",
    ],
    [
      "duckdb.{sql,query,execute,read_csv,read_parquet}",
      "releases",
      "input",
      "one connection for all: threads need a cursor each",
    ],
    ["datafusion.SessionContext.sql ibis.Expr.execute", "releases", "input"],
    [
      "dask.{compute,dataframe.DataFrame.compute,delayed.Delayed.compute,array.Array.compute,bag.Bag.compute}",
      "mixed",
      "light",
      "threads or processes of its own compute: this side waits",
    ],
    ["vaex.open modin.pandas.read_csv", "mixed", "heavy"],
    [
      "xarray.{open_dataset,load_dataset,open_mfdataset,concat,merge} xarray.{Dataset,DataArray}.{load,compute,to_netcdf,to_zarr}",
      "mixed",
      "heavy",
    ],
    ["xarray.{Dataset,DataArray}.{mean,sum,groupby,resample,interp,rolling}", "mixed", "input"],
    ["h5py.{Dataset.__getitem__,Dataset.read_direct,Group.create_dataset}", "mixed", "input", "one lock for all files"],
    ["netCDF4.Dataset tables.open_file zarr.{open,load,save}", "mixed", "input"],
    ["pyreadstat.{read_sav,read_dta,read_sas7bdat} dbfread.DBF", "holds", "heavy"],
    ["ydata_profiling.ProfileReport.{to_file,to_html,to_json}", "mixed", "heavy"],
    [
      "great_expectations.dataset.PandasDataset.validate pandera.{DataFrameSchema,DataFrameModel}.validate",
      "holds",
      "input",
    ],
    ["ta.add_all_ta_features backtrader.Cerebro.run", "holds", "heavy"],
    ["talib.{SMA,EMA,RSI,MACD,BBANDS,ATR}", "holds", "light"],
  ]),
  ...cpu("shapely 2.2: measured on CPython 3.11.7", [
    [
      "shapely.{union_all,unary_union,coverage_union_all,ops.unary_union,ops.cascaded_union,ops.polygonize,ops.triangulate,ops.voronoi_diagram}",
      "releases",
      "input",
      "187 ms for 3,000 discs",
    ],
    [
      "shapely.{buffer,intersection,union,difference,symmetric_difference,contains,intersects,within,distance,simplify,make_valid,area,length,convex_hull}",
      "releases",
      "input",
      "arrays of shapes",
    ],
    [
      "shapely.geometry.base.BaseGeometry.{buffer,intersection,union,difference,symmetric_difference,simplify}",
      "mixed",
      "input",
      "40-140 us for two discs",
    ],
    [
      "shapely.{geometry.base.BaseGeometry,geometry.Point,geometry.Polygon}.{contains,intersects,within,distance,touches,covers}",
      "holds",
      "light",
    ],
    ["shapely.{STRtree,STRtree.query,STRtree.nearest,STRtree.query_nearest}", "releases", "input"],
  ]),
  ...cpu("geopandas 1, rasterio 1, pyproj 3: their documentation, not measured", [
    ["geopandas.{read_file,sjoin,sjoin_nearest,overlay,clip,read_parquet,read_postgis}", "mixed", "heavy"],
    [
      "geopandas.GeoDataFrame.{to_crs,dissolve,overlay,sjoin,sjoin_nearest,to_file,clip,explode,to_parquet,to_json}",
      "mixed",
      "heavy",
    ],
    [
      "rasterio.{warp.reproject,mask.mask,merge.merge,features.rasterize,features.shapes,fill.fillnodata}",
      "releases",
      "heavy",
    ],
    ["rasterio.{DatasetReader,io.DatasetReader}.{read,sample} rasterio.io.DatasetWriter.write", "releases", "input"],
    ["osgeo.gdal.{Warp,Translate,Rasterize,Polygonize,BuildVRT,DEMProcessing}", "mixed", "heavy"],
    ["fiona.{open,Collection.writerecords} pyogrio.{read_dataframe,write_dataframe}", "mixed", "heavy"],
    ["pyproj.Transformer.{transform,itransform} pyproj.Geod.{inv,fwd}", "releases", "input"],
    [
      "pyproj.Transformer.from_crs pyproj.CRS.{from_epsg,from_user_input}",
      "holds",
      "input",
      "looks the reference system up: create it once",
    ],
    ["geopy.distance.{geodesic,great_circle,distance} haversine.haversine", "holds", "light"],
    [
      "osmnx.{graph_from_place,graph_from_bbox,graph_from_address,shortest_path}",
      "holds",
      "heavy",
      "fetches a map, then builds a graph",
    ],
    ["h3.{latlng_to_cell,geo_to_h3,cell_to_latlng,h3_to_geo,grid_disk,k_ring}", "holds", "light"],
    ["skyfield.api.{load,Loader} astropy.io.fits.open astropy.coordinates.SkyCoord", "mixed", "input"],
  ]),
];

/** Classes and modules of data libraries of which every function works the same way; single ones above come first. */
export const FRAME_CPU_CLASSES = [
  ...cpuClasses("pandas 1.5.3 and 3.1: measured on CPython 3.11.7", [
    ["pandas.Series.str", "holds", "input", "len", "a Python string after another, where pyarrow does not hold them"],
  ]),
  ...cpuClasses("polars 1, pyarrow 20: their manuals, not measured", [
    [
      "polars.DataFrame",
      "releases",
      "input",
      EXCEPT_LAZY,
      "uses all cores by itself: call it from a thread, not from a process pool",
    ],
    ["pyarrow.compute", "releases", "input", "", "uses several cores by itself"],
  ]),
];
